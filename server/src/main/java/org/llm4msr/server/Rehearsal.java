package org.llm4msr.server;

import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.server.Server;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.llm4msr.server.access.Access;
import org.llm4msr.server.config.LimitsConfig;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.server.flight.FlightBatches;
import org.llm4msr.server.http.ErrorHandler;
import org.llm4msr.server.http.RequestEnds;
import org.llm4msr.server.metrics.ServerMetrics;
import org.llm4msr.server.models.Models;
import org.llm4msr.server.ranking.Admission;
import org.llm4msr.server.ranking.FeatureFetch;
import org.llm4msr.server.ranking.RankService;
import org.llm4msr.server.warmup.ProtocolWarmUp;
import org.llm4msr.server.warmup.RehearsedRequests;

/**
 * A server of the same protocols and models that is open to this process alone, and is asked before
 * the one for clients is ready. Nothing of it is counted or logged.
 */
record Rehearsal(ServerConfig config, Models models, LongSupplier ticker) {

  /** Codecs and the network are more code than a model. */
  private static final int TIMES = 5;

  private static final int QUEUE = 16;
  private static final long IDLE_SECONDS = 10;
  private static final long TIMEOUT_MILLIS = 10_000;

  /** Warms up what ranks requests. */
  void run() {
    LimitsConfig own = config.limits();
    LimitsConfig limits =
        new LimitsConfig(
            own.body(), own.items(), QUEUE, 0, own.flights(), IDLE_SECONDS, QUEUE, TIMEOUT_MILLIS);
    ServerMetrics metrics = new ServerMetrics(ticker);
    String token = UUID.randomUUID().toString();
    Transports transports =
        new Transports(
            limits,
            Duration.ZERO,
            Access.of(token),
            new ErrorHandler(limits.body(), metrics),
            new RequestEnds(metrics, null),
            ticker);
    try (metrics;
        Admission admission = new Admission(config.rankingThreads(), QUEUE, ticker)) {
      RankService service =
          new RankService(models, admission, limits, FeatureFetch.NONE, List.of(metrics), ticker);
      try (FlightBatches batches = new FlightBatches(service, limits);
          Server server =
              transports
                  .builder(service, batches)
                  .port(
                      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                      SessionProtocol.HTTP)
                  .build()) {
        admission.begin();
        server.start().join();
        new ProtocolWarmUp(server.activeLocalPort(), token, ticker)
            .run(
                new RehearsedRequests(models, limits.items()).all(config.warmUpLog()),
                config.warmUp().multipliedBy(TIMES));
      }
    }
    models.all().forEach(model -> model.ranker().forgetCounts());
  }
}
