package ${package};

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;

/**
 * Random indexing: a text is the sum of a fixed random vector for each of its words, and for each
 * pair of words that follow each other, scaled to length 1.
 */
final class ${className} implements KnowledgeEncoder {

  /** To be counted up with each change by which a text gets another vector. */
  private static final String REVISION = "1";

  private final ${className}Config config;

  ${className}(${className}Config config) {
    this.config = config;
  }

  @Override
  public EncoderInfo info() {
    String state = config.pairs() ? "sum of words and pairs" : "sum of words";
    return new EncoderInfo(
        "${artifactId}",
        REVISION,
        sha256("${artifactId} " + REVISION),
        state,
        config.dimension(),
        config.maxTokens(),
        true);
  }

  @Override
  public int countTokens(String text) {
    return words(text).size();
  }

  @Override
  public List<Knowledge> encode(List<String> texts) {
    List<Knowledge> answers = new ArrayList<>();
    for (String text : texts) {
      List<String> words = words(text);
      if (words.size() > config.maxTokens()) {
        throw new MsrException(
            ErrorType.USER,
            "knowledge/PROMPT_TOO_LONG",
            "Text %d of %d has %d words, of which %d are read. Set knowledge.encoder.maxTokens."
                .formatted(answers.size() + 1, texts.size(), words.size(), config.maxTokens()));
      }
      answers.add(new Knowledge(vector(words), null));
    }
    return answers;
  }

  private float[] vector(List<String> words) {
    double[] sum = new double[config.dimension()];
    for (int i = 0; i < words.size(); i++) {
      add(words.get(i), sum);
      if (config.pairs() && i > 0) {
        add(words.get(i - 1) + " " + words.get(i), sum);
      }
    }
    double square = 0;
    for (double number : sum) {
      square += number * number;
    }
    float[] vector = new float[sum.length];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = square == 0 ? 0 : (float) (sum[i] / Math.sqrt(square));
    }
    return vector;
  }

  /** Adds the vector of a term, which follows from the term alone. */
  private static void add(String term, double[] sum) {
    SplittableRandom random = new SplittableRandom(term.hashCode());
    for (int i = 0; i < sum.length; i++) {
      sum[i] += random.nextDouble() * 2 - 1;
    }
  }

  private static List<String> words(String text) {
    return List.of(text.strip().split("\\s+"));
  }

  private static String sha256(String text) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public void close() {}
}
