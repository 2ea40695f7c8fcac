package org.llm4msr.serving.ranker;

import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** Ends requests that nobody waits for. */
final class Deadline {

  private Deadline() {}

  /** Throws if the deadline of a request has passed. */
  static void require(RankRequest request) {
    Long deadline = request.deadline();
    if (deadline != null && System.nanoTime() - deadline > 0) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "rank/DEADLINE",
          "The deadline of the request has passed: %,d items for one user. Send fewer items, or allow more time."
              .formatted(request.items().size()));
    }
  }
}
