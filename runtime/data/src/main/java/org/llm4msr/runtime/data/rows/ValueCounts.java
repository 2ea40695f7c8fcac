package org.llm4msr.runtime.data.rows;

import java.util.concurrent.atomic.LongAdder;

/** How many values of a field requests brought, and how many told the model nothing. */
public final class ValueCounts {

  private final LongAdder brought = new LongAdder();
  private final LongAdder unknown = new LongAdder();

  void count(boolean known) {
    brought.increment();
    if (!known) {
      unknown.increment();
    }
  }

  /** Forgets what was counted until now. */
  public void forget() {
    brought.reset();
    unknown.reset();
  }

  /** Returns how many values were brought. */
  public long brought() {
    return brought.sum();
  }

  /** Returns how many of them are missing or not in the vocabulary. */
  public long unknown() {
    return unknown.sum();
  }
}
