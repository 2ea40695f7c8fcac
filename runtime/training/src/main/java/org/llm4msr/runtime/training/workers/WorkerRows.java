package org.llm4msr.runtime.training.workers;

import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.BatchShare;
import org.llm4msr.runtime.batch.Exchange;

/**
 * The rows of each batch that one of N workers trains on: consecutive ones, from B r / N to B (r +
 * 1) / N, so that the rows of all workers are those of one process, and rows that lie together,
 * those of a scenario or of a user, mostly stay together. Of fewer than two rows a worker, all have
 * all.
 */
final class WorkerRows {

  /** Of a worker; fewer have no variance. */
  static final int FEWEST = 2;

  private final Exchange exchange;
  private @Nullable Batch target;
  private int[] order = new int[0];

  WorkerRows(Exchange exchange) {
    this.exchange = exchange;
  }

  /**
   * Returns the rows, valid until the next call; {@link Batch#share} is null where they are all.
   */
  Batch of(Batch whole) {
    int workers = exchange.workers();
    if (whole.size < FEWEST * workers) {
      return whole;
    }
    int from = (int) ((long) whole.size * exchange.rank() / workers);
    int to = (int) ((long) whole.size * (exchange.rank() + 1) / workers);
    Batch own = target(whole);
    own.size = to - from;
    own.weight = whole.weight == null ? null : new float[own.size];
    own.share = new BatchShare(exchange, from, own.size);
    for (int i = 0; i < own.size; i++) {
      order[i] = from + i;
      own.takeRow(whole, from + i, i);
    }
    for (int f = 0; f < whole.fields.size(); f++) {
      own.fields.get(f).pick(whole.fields.get(f), order, own.size);
    }
    return own;
  }

  private Batch target(Batch whole) {
    if (target == null || target.scenario.length < whole.size) {
      target = Batch.like(whole);
      order = new int[whole.scenario.length];
    }
    return target;
  }
}
