package org.llm4msr.server;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.common.grpc.GrpcSerializationFormats;
import com.linecorp.armeria.common.metric.NoopMeterRegistry;
import com.linecorp.armeria.common.util.ThreadFactories;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.Route;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServerListener;
import com.linecorp.armeria.server.grpc.GrpcHealthCheckService;
import com.linecorp.armeria.server.grpc.GrpcHealthCheckServiceBuilder;
import com.linecorp.armeria.server.grpc.GrpcService;
import com.linecorp.armeria.server.healthcheck.HealthCheckService;
import com.linecorp.armeria.server.healthcheck.ListenableHealthChecker;
import io.grpc.BindableService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.access.Access;
import org.llm4msr.server.access.Role;
import org.llm4msr.server.config.LimitsConfig;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.server.flight.FlightBatches;
import org.llm4msr.server.grpc.RankingGrpc;
import org.llm4msr.server.http.AccessLog;
import org.llm4msr.server.http.Arrivals;
import org.llm4msr.server.http.Connections;
import org.llm4msr.server.http.ErrorHandler;
import org.llm4msr.server.http.FlightLimits;
import org.llm4msr.server.http.Guard;
import org.llm4msr.server.http.GzipAnswers;
import org.llm4msr.server.http.JsonBodies;
import org.llm4msr.server.http.KnowledgeEndpoint;
import org.llm4msr.server.http.LastAnswers;
import org.llm4msr.server.http.ModelsEndpoint;
import org.llm4msr.server.http.OpenApi;
import org.llm4msr.server.http.RankEndpoint;
import org.llm4msr.server.http.RequestEnds;
import org.llm4msr.server.knowledge.KnowledgeUpdates;
import org.llm4msr.server.metrics.ServerMetrics;
import org.llm4msr.server.models.Models;
import org.llm4msr.server.models.Reloading;
import org.llm4msr.server.page.StatusPage;
import org.llm4msr.server.ranking.RankService;

/** What is served, and under which path. */
record Endpoints(
    ServerConfig config,
    Models models,
    Reloading reloading,
    RankService service,
    KnowledgeUpdates knowledge,
    FlightBatches batches,
    ServerMetrics metrics,
    ListenableHealthChecker ready,
    Access access,
    LongSupplier ticker) {

  private static final long MILLIS = 1000;

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

  /** Returns a server that has not begun to listen. */
  Server server() {
    LimitsConfig limits = config.limits();
    long drain = (long) (config.drainSeconds() * MILLIS);
    ScheduledThreadPoolExecutor blocking = blocking();
    LastAnswers last = new LastAnswers();
    ErrorHandler errors = new ErrorHandler(limits.body(), metrics);
    ServerBuilder builder =
        Server.builder()
            .meterRegistry(NoopMeterRegistry.get())
            .bossGroupFactory(name -> new NetworkThreads(name, 1))
            .workerGroup(
                new NetworkThreads("llm4msr-network", Runtime.getRuntime().availableProcessors()),
                true)
            .blockingTaskExecutor(blocking, true)
            .serverListener(
                ServerListener.builder()
                    .whenStarted(started -> blocking.prestartAllCoreThreads())
                    .whenStopping(ending -> last.refuse(ending, drain))
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
            .gracefulShutdownTimeoutMillis(
                Math.min(QUIET_MILLIS, drain), Math.max(REFUSAL_MILLIS, drain))
            .connectionDrainDuration(
                Duration.ofMillis(Math.max(REFUSAL_MILLIS, Math.min(CONNECTION_MILLIS, drain))));
    Connections connections = new Connections();
    metrics.observe(connections);
    builder.childChannelPipelineCustomizer(connections);
    builder.accessLogWriter(new RequestEnds(metrics, accessLog()), false);
    listen(builder);
    Arrivals arrivals = new Arrivals(limits.timeout(), access.tokens().required(), ticker);
    Guard guard = new Guard(access);
    FlightLimits flights = new FlightLimits(service, arrivals, limits);
    HttpService rank = new RankEndpoint(service, arrivals, limits.items());
    BindableService ranking = new RankingGrpc(service, arrivals, limits.items());
    HttpService vectors = new KnowledgeEndpoint(knowledge);
    HttpService versions = new ModelsEndpoint(reloading);
    GrpcHealthCheckServiceBuilder health = GrpcHealthCheckService.builder().checkers(ready);
    List.of(RankingGrpc.NAME, FlightBatches.NAME)
        .forEach(name -> health.serviceCheckers(name, ready));
    if (config.page()) {
      builder.service(read(StatusPage.PATH), new StatusPage());
    }
    return builder
        .decorator(last)
        .decorator(GzipAnswers::new)
        .service(
            Route.builder().path(RankEndpoint.PATH).methods(HttpMethod.POST).build(),
            guard.around(Role.RANK, new JsonBodies(rank)))
        .service(read(KnowledgeEndpoint.PATTERN), guard.around(Role.READ, vectors))
        .service(
            Route.builder()
                .path(KnowledgeEndpoint.PATTERN)
                .methods(HttpMethod.PUT, HttpMethod.DELETE)
                .build(),
            guard.around(Role.OPERATE, new JsonBodies(vectors)))
        .service(grpc(errors, ranking), served -> guard.around(Role.RANK, served))
        .service(
            grpc(errors, batches.service()),
            flights::around,
            served -> guard.around(Role.RANK, served))
        .service(grpc(errors, health.build()))
        .service(grpc(errors, ProtoReflectionServiceV1.newInstance()))
        .service(read("/metrics"), guard.around(Role.READ, metricsPage()))
        .service(read(ModelsEndpoint.PATH), guard.around(Role.READ, versions))
        .service(read(ModelsEndpoint.MODEL), guard.around(Role.READ, versions))
        .service(
            Route.builder().path(ModelsEndpoint.MODEL).methods(HttpMethod.POST).build(),
            guard.around(Role.OPERATE, new JsonBodies(versions)))
        .service(read("/openapi.json"), new OpenApi(models))
        .service(read("/health"), (context, request) -> HttpResponse.of(HttpStatus.OK))
        .service(read("/ready"), HealthCheckService.of(ready))
        .build();
  }

  private @Nullable AccessLog accessLog() {
    return config.accessLog() == ServerConfig.AccessLog.OFF
        ? null
        : new AccessLog(config.accessLog() == ServerConfig.AccessLog.IDS);
  }

  /** For what takes too long for the threads of the network. */
  private static ScheduledThreadPoolExecutor blocking() {
    return new ScheduledThreadPoolExecutor(
        1, ThreadFactories.newThreadFactory("llm4msr-serve", true));
  }

  private static Route read(String path) {
    return Route.builder().path(path).methods(HttpMethod.GET, HttpMethod.HEAD).build();
  }

  private GrpcService grpc(ErrorHandler errors, BindableService served) {
    return GrpcService.builder()
        .addService(served)
        .supportedSerializationFormats(GrpcSerializationFormats.PROTO)
        .maxRequestMessageLength(config.limits().body())
        .exceptionHandler(
            (context, status, cause, metadata) -> {
              MsrException known = errors.ofTransport(cause);
              return RankingGrpc.status(known == null ? cause : known, metadata);
            })
        .build();
  }

  private HttpService metricsPage() {
    return (context, request) ->
        HttpResponse.of(HttpStatus.OK, MediaType.PLAIN_TEXT_UTF_8, metrics.scrape());
  }

  private void listen(ServerBuilder builder) {
    InetSocketAddress address = new InetSocketAddress(config.host(), config.port());
    access
        .certificates()
        .ifPresentOrElse(
            certificates -> builder.port(address, SessionProtocol.HTTPS).tlsProvider(certificates),
            () -> builder.port(address, SessionProtocol.HTTP));
  }
}
