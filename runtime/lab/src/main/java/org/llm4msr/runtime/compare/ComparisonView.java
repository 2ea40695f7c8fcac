package org.llm4msr.runtime.compare;

import org.llm4msr.api.Progress;

/** Shows the progress of a comparison. */
public interface ComparisonView {

  /** Shows nothing. */
  ComparisonView NONE =
      new ComparisonView() {
        @Override
        public void note(String text) {}

        @Override
        public Work begin(String task, String unit) {
          return new Work(Progress.NONE, () -> {});
        }
      };

  /** Says what comes next. */
  void note(String text);

  /**
   * Begins a piece of work; closing ends it.
   *
   * @param unit the unit that is counted, in the plural
   */
  Work begin(String task, String unit);

  /** A piece of work that is shown. */
  record Work(Progress progress, Runnable end) implements AutoCloseable {
    @Override
    public void close() {
      end.run();
    }
  }
}
