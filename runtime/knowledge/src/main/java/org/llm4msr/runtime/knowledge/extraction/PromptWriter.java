package org.llm4msr.runtime.knowledge.extraction;

import java.util.EnumMap;
import java.util.Map;
import org.llm4msr.api.Progress;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.model.Level;

/** Writes prompts to a file, and counts them. */
final class PromptWriter implements PromptSink {
  private final PromptFile.Lines lines;
  private final PromptFitter fitter;
  private final Map<Level, Long> counts = new EnumMap<>(Level.class);
  private final long total;
  private final Progress progress;
  private long done;
  private long shortened;
  private long dropped;

  PromptWriter(PromptFile.Lines lines, PromptFitter fitter, long total, Progress progress) {
    this.lines = lines;
    this.fitter = fitter;
    this.total = total;
    this.progress = progress;
  }

  @Override
  public void add(Level level, Prompt prompt) {
    PromptFitter.Fitted fitted = fitter.fit(level, prompt);
    if (Filling.outcome(level, fitted) == Outcome.READ) {
      lines.add(level, fitted);
      counts.merge(level, 1L, Long::sum);
      dropped += fitted.dropped();
      shortened += fitted.dropped() > 0 ? 1 : 0;
    }
    progress.update(++done, total);
  }

  @Override
  public void leaveOut(Level level, Outcome why, String key) {
    progress.update(++done, total);
  }

  @Override
  public void end(Level level) {}

  WrittenPrompts result(boolean leaks) {
    return new WrittenPrompts(
        count(Level.SCENARIO), count(Level.USER), count(Level.ITEM), shortened, dropped, leaks);
  }

  private long count(Level level) {
    return counts.getOrDefault(level, 0L);
  }
}
