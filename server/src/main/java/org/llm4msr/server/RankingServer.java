package org.llm4msr.server;

import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.common.TlsKeyPair;
import com.linecorp.armeria.common.grpc.GrpcSerializationFormats;
import com.linecorp.armeria.common.util.Exceptions;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.grpc.GrpcService;
import com.linecorp.armeria.server.healthcheck.HealthCheckService;
import com.linecorp.armeria.server.healthcheck.SettableHealthChecker;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.server.config.LimitsConfig;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.server.config.TlsConfig;
import org.llm4msr.server.grpc.RankingGrpc;
import org.llm4msr.server.http.Arrivals;
import org.llm4msr.server.http.ErrorHandler;
import org.llm4msr.server.http.RankEndpoint;
import org.llm4msr.server.http.Tokens;
import org.llm4msr.server.metrics.ServerMetrics;
import org.llm4msr.server.models.ModelFolder;
import org.llm4msr.server.models.Models;
import org.llm4msr.server.models.ServedModel;
import org.llm4msr.server.ranking.Admission;
import org.llm4msr.server.ranking.RankService;

/**
 * Ranks with compiled bundles over HTTP and gRPC, on one port.
 *
 * <pre>{@code
 * try (RankingServer server = RankingServer.start(config, loader)) {
 *   server.port();
 * }
 * }</pre>
 */
public final class RankingServer implements AutoCloseable {

  private final Server server;
  private final Models models;
  private final Admission admission;
  private final SettableHealthChecker ready;

  private RankingServer(
      Server server, Models models, Admission admission, SettableHealthChecker ready) {
    this.server = server;
    this.models = models;
    this.admission = admission;
    this.ready = ready;
  }

  /**
   * Loads the models and listens.
   *
   * @param loader knows the plugins
   * @throws MsrException as {@link org.llm4msr.serving.ranker.Ranker#open}; {@code serve/ADDRESS}
   *     if the server cannot listen
   */
  public static RankingServer start(ServerConfig config, ConfigLoader loader) {
    Models models = models(config, loader);
    Admission admission = new Admission(config.rankingThreads(), config.limits().queue());
    try {
      SettableHealthChecker ready = new SettableHealthChecker(true);
      Server server = build(config, models, admission, ready);
      start(server, config);
      return new RankingServer(server, models, admission, ready);
    } catch (RuntimeException e) {
      admission.close();
      models.close();
      throw e;
    }
  }

  private static Models models(ServerConfig config, ConfigLoader loader) {
    ModelFolder folder = new ModelFolder(loader);
    List<ServedModel> opened = new ArrayList<>();
    try {
      config.models().forEach((name, entry) -> opened.add(folder.open(name, entry)));
      return new Models(opened);
    } catch (RuntimeException e) {
      opened.forEach(model -> model.ranker().close());
      throw e;
    }
  }

  private static Server build(
      ServerConfig config, Models models, Admission admission, SettableHealthChecker ready) {
    LimitsConfig limits = config.limits();
    ServerMetrics metrics = new ServerMetrics();
    metrics.observe(admission);
    models.all().forEach(metrics::observe);
    RankService service = new RankService(models, admission, limits, metrics);
    Arrivals arrivals = new Arrivals(limits.timeout());
    ServerBuilder builder =
        Server.builder()
            .meterRegistry(metrics.registry())
            .maxRequestLength(limits.body())
            .maxNumConnections(limits.connections())
            .requestTimeout(limits.timeout())
            .errorHandler(new ErrorHandler(limits.body()))
            .gracefulShutdownTimeoutMillis(0, (long) (config.drainSeconds() * 1000));
    listen(builder, config);
    HttpService rank = new RankEndpoint(service, arrivals, limits.items());
    HttpService grpc =
        GrpcService.builder()
            .addService(new RankingGrpc(service, arrivals, limits.items()))
            .supportedSerializationFormats(GrpcSerializationFormats.PROTO)
            .maxRequestMessageLength(limits.body())
            .enableHealthCheckService(true)
            .build();
    if (!config.tokens().isEmpty()) {
      Tokens tokens = new Tokens(config.tokens());
      rank = rank.decorate(tokens);
      grpc = grpc.decorate(tokens);
    }
    return builder
        .service("/v1/rank", rank)
        .service("/health", (context, request) -> HttpResponse.of(HttpStatus.OK))
        .service("/ready", HealthCheckService.of(ready))
        .service(
            "/metrics",
            (context, request) ->
                HttpResponse.of(HttpStatus.OK, MediaType.PLAIN_TEXT_UTF_8, metrics.scrape()))
        .build();
  }

  private static void listen(ServerBuilder builder, ServerConfig config) {
    InetSocketAddress address = new InetSocketAddress(config.host(), config.port());
    if (config.tls() == null) {
      builder.port(address, SessionProtocol.HTTP);
    } else {
      builder.port(address, SessionProtocol.HTTPS).tls(keys(config.tls()));
    }
  }

  private static TlsKeyPair keys(TlsConfig tls) {
    try {
      return TlsKeyPair.of(tls.key().toFile(), tls.certificate().toFile());
    } catch (IllegalArgumentException e) {
      throw new MsrException(
          ErrorType.USER,
          "serve/CERTIFICATE",
          "%s and %s are no certificate with its key: %s. Both should be PEM, the key PKCS#8 and not encrypted."
              .formatted(tls.certificate(), tls.key(), e.getMessage()),
          e);
    }
  }

  private static void start(Server server, ServerConfig config) {
    try {
      server.start().join();
    } catch (CompletionException e) {
      throw new MsrException(
          ErrorType.USER,
          "serve/ADDRESS",
          "The server cannot listen at %s:%d: %s. Set host and port to an address of this machine that is free."
              .formatted(config.host(), config.port(), Exceptions.peel(e).getMessage()),
          e);
    }
  }

  /** Returns the models by name, with their versions. */
  public Map<String, String> models() {
    Map<String, String> versions = new TreeMap<>();
    models.all().forEach(model -> versions.put(model.name(), model.version()));
    return versions;
  }

  /** Returns the port that it listens at. */
  public int port() {
    return server.activeLocalPort();
  }

  /** Waits until the server has ended. */
  public void await() throws InterruptedException {
    server.blockUntilShutdown();
  }

  /** Takes no more requests, waits for those under way, and releases the models. */
  @Override
  public void close() {
    ready.setHealthy(false);
    server.stop().join();
    admission.close();
    models.close();
  }
}
