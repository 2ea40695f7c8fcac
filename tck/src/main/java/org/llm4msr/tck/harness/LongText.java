package org.llm4msr.tck.harness;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.llm4msr.api.knowledge.KnowledgeEncoder;

/** Texts about as long as an encoder can read, by its own count of tokens. */
public final class LongText {

  public static final String TOO_LONG = "knowledge/PROMPT_TOO_LONG";

  private static final List<String> WORDS =
      List.of("the", "cat", "and", "a", "dog", "see", "one", "bird");

  private LongText() {}

  public static String words(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> WORDS.get(i % WORDS.size()))
        .collect(Collectors.joining(" "));
  }

  public static String longest(KnowledgeEncoder encoder) {
    return words(mostWords(encoder));
  }

  public static String tooLong(KnowledgeEncoder encoder) {
    return words(mostWords(encoder) + 1);
  }

  /** Returns how many words fit, found by doubling and halving. */
  public static int mostWords(KnowledgeEncoder encoder) {
    int limit = encoder.info().maxTokens();
    int tooMany = 1;
    while (encoder.countTokens(words(tooMany)) <= limit) {
      Finding.unless(
          tooMany <= limit, "more than " + limit + " tokens of " + tooMany + " words", "fewer");
      tooMany *= 2;
    }
    int fits = tooMany / 2;
    while (tooMany - fits > 1) {
      int middle = (fits + tooMany) >>> 1;
      if (encoder.countTokens(words(middle)) <= limit) {
        fits = middle;
      } else {
        tooMany = middle;
      }
    }
    return fits;
  }
}
