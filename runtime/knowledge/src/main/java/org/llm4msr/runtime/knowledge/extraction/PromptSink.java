package org.llm4msr.runtime.knowledge.extraction;

import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.model.Level;

/** Takes the prompts of all levels, one level after the other. */
interface PromptSink {

  void add(Level level, Prompt prompt);

  /** Passes over a key that gets no prompt. */
  void leaveOut(Level level, Outcome why, String key);

  void end(Level level);
}
