package org.llm4msr.tck.zoo;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;

/** Sums one random vector per word. Each flaw overrides one method. */
class SoundEncoder implements KnowledgeEncoder {

  static final int K = 8;
  static final int LIMIT = 64;
  static final String TOO_LONG = "knowledge/PROMPT_TOO_LONG";

  /** Added to every number. */
  float shift;

  /** Sees the context before anything is asked. */
  void start(EncoderContext context) {}

  /** Sees the folder that is checked before an encoder is made. */
  void check(Path base) {}

  /** What the factory makes to count. */
  KnowledgeEncoder counter() {
    return this;
  }

  /** The dimension that the factory states. */
  OptionalInt dimension() {
    return OptionalInt.of(K);
  }

  @Override
  public EncoderInfo info() {
    String state = shift == 0 ? "sum" : "sum + " + shift;
    return new EncoderInfo("sum", "1", "0f".repeat(32), state, K, LIMIT, true);
  }

  @Override
  public int countTokens(String text) {
    return words(text).size();
  }

  @Override
  public List<Knowledge> encode(List<String> texts) {
    List<Knowledge> answers = new ArrayList<>();
    for (String text : texts) {
      int tokens = words(text).size();
      if (tokens > LIMIT) {
        throw tooLong(tokens);
      }
      answers.add(new Knowledge(vector(text), null));
    }
    return answers;
  }

  MsrException tooLong(int tokens) {
    return new MsrException(
        ErrorType.USER, TOO_LONG, "%d tokens, limit %d".formatted(tokens, LIMIT));
  }

  float[] vector(String text) {
    float[] vector = new float[K];
    Arrays.fill(vector, shift);
    for (String word : words(text)) {
      SplittableRandom random = new SplittableRandom(word.hashCode());
      for (int i = 0; i < K; i++) {
        vector[i] += (float) random.nextDouble();
      }
    }
    return vector;
  }

  static List<String> words(String text) {
    return List.of(text.strip().split("\\s+"));
  }

  @Override
  public void close() {}
}
