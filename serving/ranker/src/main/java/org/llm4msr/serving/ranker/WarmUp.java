package org.llm4msr.serving.ranker;

import java.time.Duration;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import org.llm4msr.api.MsrException;

/**
 * Has requests scored for a while.
 *
 * @param given by turns; drawn ones take their place where there are none
 * @param drawn by their number, from 0
 * @param ticker the time in nanoseconds, as {@link System#nanoTime}
 */
record WarmUp(List<RankRequest> given, IntFunction<RankRequest> drawn, LongSupplier ticker) {

  /** Has at least one request scored; returns how many were. */
  int run(RowScorer scorer, Duration time) {
    long end = ticker.getAsLong() + time.toNanos();
    int count = 0;
    do {
      RankRequest request = given.isEmpty() ? drawn.apply(count) : given.get(count % given.size());
      count++;
      score(scorer, request);
    } while (ticker.getAsLong() - end < 0);
    return count;
  }

  private void score(RowScorer scorer, RankRequest request) {
    try {
      scorer.score(request, new RankResult(request.items().size()));
    } catch (MsrException e) {
      if (given.isEmpty()) {
        throw e;
      } // What another model could rank may have a scenario that this one does not know.
    }
  }
}
