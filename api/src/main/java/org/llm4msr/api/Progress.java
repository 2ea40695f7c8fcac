package org.llm4msr.api;

/** Where long work reports how far it is. Safe to call from any thread. */
@FunctionalInterface
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface Progress {

  /** Listens to nothing. */
  Progress NONE = (done, total) -> {};

  /**
   * Reports how far the work is.
   *
   * @param done units done so far, for example rows
   * @param total units in all, or -1 where it is not known
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
   * Begins a step of work that has several; its units are counted from 0.
   *
   * @param name what is done now, for example {@code sort}
   */
  default void step(String name) {}
}
