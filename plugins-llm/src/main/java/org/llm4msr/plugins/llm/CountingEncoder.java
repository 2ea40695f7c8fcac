package org.llm4msr.plugins.llm;

import java.util.List;
import java.util.function.ToIntFunction;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;

/**
 * An encoder without weights, which only counts.
 *
 * @param info its description
 * @param tokens counts the tokens of a text
 * @param closing what closing it does
 */
public record CountingEncoder(EncoderInfo info, ToIntFunction<String> tokens, Runnable closing)
    implements KnowledgeEncoder {

  @Override
  public int countTokens(String text) {
    return tokens.applyAsInt(text);
  }

  @Override
  public List<Knowledge> encode(List<String> texts) {
    throw new UnsupportedOperationException("this encoder only counts");
  }

  @Override
  public void close() {
    closing.run();
  }
}
