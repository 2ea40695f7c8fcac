package org.llm4msr.server;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.Route;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.grpc.GrpcHealthCheckService;
import com.linecorp.armeria.server.grpc.GrpcHealthCheckServiceBuilder;
import com.linecorp.armeria.server.healthcheck.HealthCheckService;
import com.linecorp.armeria.server.healthcheck.ListenableHealthChecker;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.server.access.Access;
import org.llm4msr.server.access.Role;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.server.flight.FlightBatches;
import org.llm4msr.server.grpc.RankingGrpc;
import org.llm4msr.server.http.AccessLog;
import org.llm4msr.server.http.Connections;
import org.llm4msr.server.http.ErrorHandler;
import org.llm4msr.server.http.Guard;
import org.llm4msr.server.http.JsonBodies;
import org.llm4msr.server.http.KnowledgeEndpoint;
import org.llm4msr.server.http.ModelsEndpoint;
import org.llm4msr.server.http.OpenApi;
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

  /** Returns a server that has not begun to listen. */
  Server server() {
    Transports transports =
        new Transports(
            config.limits(),
            config.drain(),
            access,
            new ErrorHandler(config.limits().body(), metrics),
            new RequestEnds(metrics, accessLog()),
            ticker);
    ServerBuilder builder = transports.builder(service, batches);
    listen(builder);
    Connections connections = new Connections();
    metrics.observe(connections);
    Guard guard = new Guard(access);
    HttpService vectors = new KnowledgeEndpoint(knowledge);
    HttpService versions = new ModelsEndpoint(reloading);
    GrpcHealthCheckServiceBuilder health = GrpcHealthCheckService.builder().checkers(ready);
    List.of(RankingGrpc.NAME, FlightBatches.NAME)
        .forEach(name -> health.serviceCheckers(name, ready));
    if (config.page()) {
      builder.service(read(StatusPage.PATH), new StatusPage());
    }
    return builder
        .childChannelPipelineCustomizer(connections)
        .service(read(KnowledgeEndpoint.PATTERN), guard.around(Role.READ, vectors))
        .service(
            Route.builder()
                .path(KnowledgeEndpoint.PATTERN)
                .methods(HttpMethod.PUT, HttpMethod.DELETE)
                .build(),
            guard.around(Role.OPERATE, new JsonBodies(vectors)))
        .service(transports.grpc(health.build()))
        .service(transports.grpc(ProtoReflectionServiceV1.newInstance()))
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

  private static Route read(String path) {
    return Route.builder().path(path).methods(HttpMethod.GET, HttpMethod.HEAD).build();
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
