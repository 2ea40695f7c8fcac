package org.llm4msr.server;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.grpc.GrpcSerializationFormats;
import com.linecorp.armeria.common.util.ThreadFactories;
import com.linecorp.armeria.server.Route;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServerListener;
import com.linecorp.armeria.server.grpc.GrpcService;
import com.linecorp.armeria.server.logging.AccessLogWriter;
import io.grpc.BindableService;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.LongSupplier;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.access.Access;
import org.llm4msr.server.access.Role;
import org.llm4msr.server.config.LimitsConfig;
import org.llm4msr.server.flight.FlightBatches;
import org.llm4msr.server.grpc.RankingGrpc;
import org.llm4msr.server.http.Arrivals;
import org.llm4msr.server.http.ErrorHandler;
import org.llm4msr.server.http.FlightLimits;
import org.llm4msr.server.http.Guard;
import org.llm4msr.server.http.GzipAnswers;
import org.llm4msr.server.http.JsonBodies;
import org.llm4msr.server.http.LastAnswers;
import org.llm4msr.server.http.RankEndpoint;
import org.llm4msr.server.ranking.RankService;

/**
 * The protocols over which a server ranks.
 *
 * @param drain for how long requests may end when the server does
 * @param errors answers what fails
 * @param ends notes what became of each request
 */
record Transports(
    LimitsConfig limits,
    Duration drain,
    Access access,
    ErrorHandler errors,
    AccessLogWriter ends,
    LongSupplier ticker) {

  /** The server ends when so long no request was under way. */
  private static final long QUIET_MILLIS = 100;

  /** So long the refusals of requests that do not end in time may take on their way. */
  private static final long REFUSAL_MILLIS = 100;

  /** So long a connection may still bring requests after its client was told that it ends. */
  private static final long CONNECTION_MILLIS = 1000;

  /** So long a client may still send after an early answer, and sees that before its call ends. */
  private static final long ENDS_MILLIS = 1000;

  /** A client that is gone, without a word of its network, does not answer. */
  private static final Duration PING = Duration.ofSeconds(10);

  /** Requests of one connection at once. */
  private static final int STREAMS = 256;

  /** A client may lose patience with many calls, but not all the time. */
  private static final int RESETS = 6_000;

  private static final int RESET_SECONDS = 60;

  /** Returns a server that ranks, and listens nowhere yet. */
  ServerBuilder builder(RankService service, FlightBatches batches) {
    ScheduledThreadPoolExecutor blocking = blocking();
    LastAnswers last = new LastAnswers();
    Arrivals arrivals = new Arrivals(limits.timeout(), access.tokens().required(), ticker);
    FlightLimits flights = new FlightLimits(service, arrivals, limits);
    Guard guard = new Guard(access);
    long millis = drain.toMillis();
    return Server.builder()
        .meterRegistry(new CompositeMeterRegistry()) // Of none, which counts nothing.
        .bossGroupFactory(name -> new NetworkThreads(name, 1))
        .workerGroup(
            new NetworkThreads("llm4msr-network", Runtime.getRuntime().availableProcessors()), true)
        .blockingTaskExecutor(blocking, true)
        .serverListener(
            ServerListener.builder()
                .whenStarted(started -> blocking.prestartAllCoreThreads())
                .whenStopping(ending -> last.refuse(ending, millis))
                .build())
        .defaultHostname(Guard.NO_HOST)
        .maxRequestLength(limits.body())
        .maxNumConnections(limits.connections())
        .requestTimeout(limits.timeout())
        .idleTimeout(limits.idle())
        .pingInterval(PING)
        .requestAutoAbortDelayMillis(ENDS_MILLIS)
        .http2MaxStreamsPerConnection(STREAMS)
        .http2MaxResetFramesPerWindow(RESETS, RESET_SECONDS)
        .unloggedExceptionsReportInterval(Duration.ZERO)
        .errorHandler(errors)
        .accessLogWriter(ends, false)
        .gracefulShutdownTimeoutMillis(
            Math.min(QUIET_MILLIS, millis), Math.max(REFUSAL_MILLIS, millis))
        .connectionDrainDuration(
            Duration.ofMillis(Math.max(REFUSAL_MILLIS, Math.min(CONNECTION_MILLIS, millis))))
        .decorator(last)
        .decorator(GzipAnswers::new)
        .service(
            Route.builder().path(RankEndpoint.PATH).methods(HttpMethod.POST).build(),
            guard.around(
                Role.RANK, new JsonBodies(new RankEndpoint(service, arrivals, limits.items()))))
        .service(
            grpc(new RankingGrpc(service, arrivals, limits.items())),
            served -> guard.around(Role.RANK, served))
        .service(
            grpc(batches.service()), flights::around, served -> guard.around(Role.RANK, served));
  }

  /** For what takes too long for the threads of the network. */
  private static ScheduledThreadPoolExecutor blocking() {
    return new ScheduledThreadPoolExecutor(
        1, ThreadFactories.newThreadFactory("llm4msr-serve", true));
  }

  /** Returns what serves a service of gRPC. */
  GrpcService grpc(BindableService served) {
    return GrpcService.builder()
        .addService(served)
        .supportedSerializationFormats(GrpcSerializationFormats.PROTO)
        .maxRequestMessageLength(limits.body())
        .exceptionHandler(
            (context, status, cause, metadata) -> {
              MsrException known = errors.ofTransport(cause);
              return RankingGrpc.status(known == null ? cause : known, metadata);
            })
        .build();
  }
}
