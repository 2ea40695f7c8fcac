package org.llm4msr.plugins.llm;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.codec.digest.MurmurHash3;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;

/**
 * Counts words in K signed buckets, then scales to length 1: x[|h| mod K] += sign(h), h the 32-bit
 * MurmurHash3 of the lower-cased word. A word is a run of letters and digits, or one Chinese
 * character. These are the vectors of scikit-learn's {@code HashingVectorizer}.
 */
final class HashEncoder implements KnowledgeEncoder {

  private static final Pattern WORD =
      Pattern.compile("\\p{IsHan}|[\\p{IsAlphabetic}\\p{IsDigit}&&[^\\p{IsHan}]]+");

  private final EncoderInfo info;

  HashEncoder(HashConfig config) {
    String rule = "words in signed buckets by murmur3-32, l2";
    this.info =
        new EncoderInfo(
            "hash",
            "1",
            DigestUtils.sha256Hex(rule),
            rule,
            config.dimension(),
            config.maxTokens(),
            true);
  }

  @Override
  public EncoderInfo info() {
    return info;
  }

  @Override
  public int countTokens(String text) {
    return Math.toIntExact(words(text).count());
  }

  @Override
  public List<Knowledge> encode(List<String> texts) {
    for (int i = 0; i < texts.size(); i++) {
      TokenLimit.check(texts.get(i), i, countTokens(texts.get(i)), info.maxTokens());
    }
    return texts.stream().map(text -> new Knowledge(vector(text), null)).toList();
  }

  @Override
  public void close() {}

  private float[] vector(String text) {
    float[] vector = new float[info.dimension()];
    words(text)
        .forEach(
            word -> {
              int hash = MurmurHash3.hash32x86(word.getBytes(UTF_8));
              int bucket = (int) (Math.abs((long) hash) % vector.length);
              vector[bucket] += hash >= 0 ? 1 : -1;
            });
    Vectors.normalize(vector);
    return vector;
  }

  private static Stream<String> words(String text) {
    return WORD.matcher(text.toLowerCase(Locale.ROOT)).results().map(MatchResult::group);
  }
}
