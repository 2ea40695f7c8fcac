package org.llm4msr.benchmarks.ranking;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Sends requests that were written before. */
interface RankClient {

  /** Returns the transport. */
  String name();

  /**
   * Sends a request.
   *
   * @return whether it was answered with probabilities
   */
  CompletableFuture<Boolean> send(int number, Duration deadline);
}
