package ${package};

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.tck.KnowledgeEncoderConformance;

class ${className}Test {

  /** The rules that every encoder keeps. */
  @Nested
  class WithDefaults extends KnowledgeEncoderConformance {
    @Override
    protected KnowledgeEncoderFactory<?> factory() {
      return new ${className}Factory();
    }

    @Override
    protected List<List<String>> otherSettings() {
      return List.of(List.of("dimension=32"), List.of("pairs=false"));
    }
  }

  /** The results of this encoder. */
  @Test
  void textsThatShareWordsAreAlike() {
    float[] text = encode(true, "a comedy about two cats");

    assertEquals(1, product(text, text), 1e-5);
    assertTrue(
        product(text, encode(true, "a comedy about two dogs"))
            > product(text, encode(true, "news of the stock market")) + 0.3);
  }

  @Test
  void theOrderOfWordsCountsWithPairsOnly() {
    float[] words = encode(false, "dog bites man");
    assertEquals(1, product(words, encode(false, "man bites dog")), 1e-5);

    float[] pairs = encode(true, "dog bites man");
    assertTrue(product(pairs, encode(true, "man bites dog")) < 0.9);
  }

  private static float[] encode(boolean pairs, String text) {
    try (${className} encoder = new ${className}(new ${className}Config(256, pairs, 64))) {
      List<Knowledge> answers = encoder.encode(List.of(text));
      return answers.get(0).vector();
    }
  }

  private static double product(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
