package org.llm4msr.tck.harness;

import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;

/** An encoder whose last exchange is kept for failures. */
public final class WatchedEncoder implements KnowledgeEncoder {

  private static final int SHOWN_CHARACTERS = 80;
  private static final int SHOWN_NUMBERS = 4;

  private final KnowledgeEncoder encoder;
  private volatile String last = "";

  public WatchedEncoder(KnowledgeEncoder encoder) {
    this.encoder = encoder;
  }

  public String last() {
    return last;
  }

  @Override
  public EncoderInfo info() {
    return encoder.info();
  }

  @Override
  public int countTokens(String text) {
    return watched("countTokens(" + shown(text) + ")", () -> encoder.countTokens(text));
  }

  @Override
  public List<Knowledge> encode(List<String> texts) {
    String first = texts.isEmpty() ? "" : ", the last " + shown(texts.get(texts.size() - 1));
    return watched("encode of " + texts.size() + " texts" + first, () -> encoder.encode(texts));
  }

  @Override
  public void close() {
    encoder.close();
  }

  private <T> T watched(String question, Supplier<T> call) {
    last = question + " -> no answer";
    try {
      T answer = call.get();
      last = question + " -> " + shown(answer);
      return answer;
    } catch (RuntimeException e) {
      last = question + " -> " + e;
      throw e;
    }
  }

  private static String shown(Object answer) {
    if (answer instanceof List<?> all) {
      String end =
          !all.isEmpty() && all.get(all.size() - 1) instanceof Knowledge knowledge
              ? ", the last " + shown(knowledge)
              : "";
      return all.size() + " answers" + end;
    }
    return String.valueOf(answer);
  }

  private static String shown(Knowledge knowledge) {
    float[] vector = knowledge.vector();
    String start = Arrays.toString(Arrays.copyOf(vector, Math.min(SHOWN_NUMBERS, vector.length)));
    String text = knowledge.text() == null ? "" : " and the text " + shown(knowledge.text());
    return vector.length + " numbers, first " + start + text;
  }

  private static String shown(String text) {
    return text.length() <= SHOWN_CHARACTERS
        ? '"' + text + '"'
        : "\"%s...\" of %d characters"
            .formatted(text.substring(0, SHOWN_CHARACTERS), text.length());
  }
}
