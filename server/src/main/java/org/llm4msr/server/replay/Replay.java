package org.llm4msr.server.replay;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.server.log.LoggedRequest;
import org.llm4msr.server.log.LoggedRequests;
import org.llm4msr.server.replay.ReplayReport.Comparison;
import org.llm4msr.server.replay.ReplayReport.FirstDifference;
import org.llm4msr.serving.ranker.ItemStatus;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.RankingModel;

/** Ranks the requests of a log again, with the values as used, and compares the probabilities. */
public final class Replay {

  /** What a bundle has ranked differs by no more than this. */
  public static final double ROUNDING = 1e-6;

  private static final int MOST_REFUSALS = 3;

  private final RankingModel ranker;
  private final ComparedScores same = new ComparedScores();
  private final ComparedScores others = new ComparedScores();
  private final List<String> refusals = new ArrayList<>();
  private long requests;
  private long updated;
  private long refused;
  private long malformed;

  private Replay(RankingModel ranker) {
    this.ranker = ranker;
  }

  /**
   * Ranks all requests of a log.
   *
   * @param progress gets the number of requests
   * @throws MsrException {@code log/DAMAGED}, with the file
   */
  public static ReplayReport run(LoggedRequests log, RankingModel ranker, Progress progress) {
    Replay replay = new Replay(ranker);
    log.forEach(
        request -> {
          replay.rank(request);
          progress.update(++replay.requests, -1);
          return true;
        });
    return new ReplayReport(
        ranker.digest(),
        replay.same.comparison(),
        replay.others.comparison(),
        replay.updated,
        replay.refused,
        replay.refusals,
        replay.malformed);
  }

  private void rank(LoggedRequest request) {
    if (request.updatedKnowledge()) {
      updated++;
      return;
    }
    try {
      RankResult now = ranker.rank(request.asUsed());
      malformed += now.count(ItemStatus.MALFORMED);
      (request.digest().equals(ranker.digest()) ? same : others).add(request, now);
    } catch (MsrException e) {
      refused++;
      if (refusals.size() < MOST_REFUSALS) {
        refusals.add("%s: %s".formatted(request.id(), e.getMessage()));
      }
    }
  }

  /**
   * Refuses a report in which requests of the same bundle have other probabilities.
   *
   * @throws MsrException {@code replay/DIFFERS}, naming the first request
   */
  public static void requireSame(ReplayReport report) {
    Comparison same = report.same();
    if (same == null) {
      return;
    }
    requireNone(same.first(), "probability");
    same.labels().forEach(label -> requireNone(label.first(), "probability of " + label.label()));
  }

  private static void requireNone(@Nullable FirstDifference first, String what) {
    if (first != null) {
      throw new MsrException(
          ErrorType.INTERNAL,
          "replay/DIFFERS",
          "The request '%s' had the %s %s for item '%s', and has %s now, although the bundle is the same. Compare the machines, the versions of llm4msr and of its plugins."
              .formatted(first.request(), what, first.logged(), first.item(), first.probability()));
    }
  }
}
