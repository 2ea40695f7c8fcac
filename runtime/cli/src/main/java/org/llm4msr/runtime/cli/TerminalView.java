package org.llm4msr.runtime.cli;

import org.llm4msr.runtime.compare.ComparisonView;

/** Shows a comparison on stderr. */
record TerminalView(Command command) implements ComparisonView {

  @Override
  public void note(String text) {
    command.terminal().note(text);
  }

  @Override
  public Work begin(String task, String unit) {
    ProgressView progress = command.progress(task, unit);
    return new Work(progress, progress::close);
  }
}
