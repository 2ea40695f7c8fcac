package org.llm4msr.serving.ranker;

import java.util.function.LongSupplier;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * Ends requests that nobody waits for.
 *
 * @param ticker the time in nanoseconds, as {@link System#nanoTime}
 */
record Deadline(LongSupplier ticker) {

  /** Throws if the deadline of a request has passed. */
  void require(RankRequest request) {
    Long deadline = request.deadline();
    if (deadline != null && ticker.getAsLong() - deadline > 0) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "rank/DEADLINE",
          "The deadline of the request has passed: %,d items for one user. Send fewer items, or allow more time."
              .formatted(request.items().size()),
          null,
          true);
    }
  }
}
