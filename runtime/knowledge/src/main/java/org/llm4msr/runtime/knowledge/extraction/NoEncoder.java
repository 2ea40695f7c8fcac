package org.llm4msr.runtime.knowledge.extraction;

import java.util.List;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;

/**
 * Stands for an encoder where prompts are only written: as one that looks vectors up, it leaves
 * prompts whole, and has one for every item.
 */
public final class NoEncoder implements KnowledgeEncoder {

  @Override
  public EncoderInfo info() {
    return new EncoderInfo("none", "", "", "", 0, Integer.MAX_VALUE, true);
  }

  @Override
  public boolean readsKeys() {
    return true;
  }

  @Override
  public int countTokens(String text) {
    return 0;
  }

  @Override
  public List<Knowledge> encode(List<String> texts) {
    throw new UnsupportedOperationException("no encoder");
  }

  @Override
  public void close() {}
}
