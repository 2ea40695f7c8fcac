package org.llm4msr.runtime.knowledge.extraction;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.model.Level;

/** A double: a token is a word, the vector holds words, characters and a constant. */
public class WordEncoder implements KnowledgeEncoder {

  final List<Integer> callSizes = new ArrayList<>();
  final List<String> read = new ArrayList<>();
  final Map<Level, List<String>> expected = new EnumMap<>(Level.class);
  public UnaryOperator<float[]> change = vector -> vector;
  IntUnaryOperator counting = IntUnaryOperator.identity();
  public String revision = "1";
  public int maxTokens = 12;
  boolean readsKeys;
  boolean asked = true;
  @Nullable String lacks;
  @Nullable String refuses;
  int stops;

  @Override
  public EncoderInfo info() {
    return asked
        ? new EncoderInfo("words", revision, "0".repeat(64), "counts", 3, maxTokens, false)
        : new EncoderInfo("words", "", "", "counts", 0, maxTokens, false);
  }

  @Override
  public int countTokens(String text) {
    return counting.applyAsInt(text.isBlank() ? 0 : text.strip().split("\\s+").length);
  }

  @Override
  public List<Knowledge> encode(List<String> texts) {
    callSizes.add(texts.size());
    read.addAll(texts);
    if (refuses != null && texts.contains(refuses)) {
      throw new MsrException(ErrorType.EXTERNAL, "words/REFUSED", texts.size() + " texts are bad.");
    }
    return texts.stream().map(this::encode).toList();
  }

  @Override
  public boolean readsKeys() {
    return readsKeys;
  }

  @Override
  public void expect(Level level, List<String> keys) {
    assertThat(read).isEmpty();
    if (lacks != null && keys.contains(lacks)) {
      throw new IllegalStateException("lacks " + lacks);
    }
    expected.put(level, keys);
  }

  @Override
  public void stopWaiting() {
    stops++;
  }

  private Knowledge encode(String text) {
    float[] vector = {countTokens(text), text.length() / 8f, 1};
    return new Knowledge(change.apply(vector), text.startsWith("scenario") ? "said " + text : null);
  }

  @Override
  public void close() {}
}
