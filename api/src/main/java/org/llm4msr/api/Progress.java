package org.llm4msr.api;

/** Receives the progress of long work. Safe to call from any thread. */
@FunctionalInterface
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface Progress {

  /** Listens to nothing. */
  Progress NONE = (done, total) -> {};

  /**
   * Reports the progress.
   *
   * @param done units done so far, for example rows
   * @param total units in total, or -1 if unknown
   */
  void update(long done, long total);

  /**
   * Reports further figures, before the {@link #update} that they belong to.
   *
   * @param skipped units among those done that took no time, because they had been done before
   * @param remark what to show beside the speed, for example {@code 4,100 tokens/s}; may be empty
   */
  default void detail(long skipped, String remark) {}

  /**
   * Begins one of several steps of the work; its units are counted from 0.
   *
   * @param name name of the step, for example {@code sort}
   */
  default void step(String name) {}
}
