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
}
