package org.llm4msr.runtime.knowledge.extraction;

import java.util.Map;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.knowledge.store.Hashes;
import org.llm4msr.runtime.knowledge.store.StoredLevel;

/** Counts stored keys whose prompt is another now. */
final class ChangedPrompts implements PromptSink {

  private final Map<Level, StoredLevel> stored;
  private long count;

  ChangedPrompts(Map<Level, StoredLevel> stored) {
    this.stored = stored;
  }

  @Override
  public void add(Level level, Prompt prompt) {
    StoredLevel there = stored.get(level);
    if (there != null
        && there.find(prompt.key()) >= 0
        && !there.holds(prompt.key(), Hashes.of(prompt))) {
      count++;
    }
  }

  @Override
  public void leaveOut(Level level, Outcome why, String key) {}

  @Override
  public void end(Level level) {}

  long count() {
    return count;
  }
}
