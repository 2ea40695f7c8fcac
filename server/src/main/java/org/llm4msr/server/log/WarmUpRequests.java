package org.llm4msr.server.log;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.serving.ranker.RankRequest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Requests of a log with which models warm up. */
public final class WarmUpRequests {

  private static final Logger LOG = LoggerFactory.getLogger(WarmUpRequests.class);
  private static final int MOST_ITEMS = 20_000;

  private WarmUpRequests() {}

  /** Returns the last requests of a log; none where there is none that can be read. */
  public static List<RankRequest> of(@Nullable Path log) {
    if (log == null) {
      return List.of();
    }
    try {
      return LoggedRequests.open(log).last(MOST_ITEMS).stream()
          .map(LoggedRequest::asBrought)
          .toList();
    } catch (MsrException e) {
      LOG.warn("Models warm up with drawn requests: {}", e.getMessage());
      return List.of();
    }
  }
}
