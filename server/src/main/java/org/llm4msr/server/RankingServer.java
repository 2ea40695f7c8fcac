package org.llm4msr.server;

import com.linecorp.armeria.common.util.Exceptions;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.healthcheck.SettableHealthChecker;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.server.flight.FlightBatches;
import org.llm4msr.server.metrics.ServerMetrics;
import org.llm4msr.server.models.Models;
import org.llm4msr.server.models.Reloading;
import org.llm4msr.server.ranking.Admission;
import org.llm4msr.server.ranking.RankService;
import org.llm4msr.server.ranking.Shadows;

/**
 * Ranks with compiled bundles over HTTP, gRPC and Arrow Flight, on one port.
 *
 * <pre>{@code
 * try (RankingServer server = RankingServer.start(config, loader)) {
 *   server.await();
 * }
 * }</pre>
 */
public final class RankingServer implements AutoCloseable {

  private final ServerConfig config;
  private final Models models = new Models();
  private final Reloading reloading;
  private final Shadows shadows;
  private final ServerMetrics metrics = new ServerMetrics();
  private final SettableHealthChecker ready = new SettableHealthChecker(false);
  private final Admission admission;
  private final FlightBatches batches;
  private final Server server;
  private final CountDownLatch ended = new CountDownLatch(1);

  private RankingServer(ServerConfig config, ConfigLoader loader) {
    this.config = config;
    admission = new Admission(config.rankingThreads(), config.limits().queue());
    reloading = new Reloading(config, loader, models, metrics);
    shadows = new Shadows(models, metrics);
    RankService service =
        new RankService(models, admission, config.limits(), List.of(metrics, shadows));
    batches = new FlightBatches(service, config.limits().timeout());
    server = new Endpoints(config, models, reloading, service, batches, metrics, ready).server();
    metrics.observe(admission);
  }

  /**
   * Listens, loads the models, ranks some drawn requests with each, and is ready.
   *
   * @param loader knows the plugins
   * @throws MsrException as {@link org.llm4msr.serving.ranker.Ranker#open}; {@code serve/ADDRESS}
   *     and {@code serve/CERTIFICATE} if the server cannot listen
   */
  public static RankingServer start(ServerConfig config, ConfigLoader loader) {
    RankingServer started = new RankingServer(config, loader);
    try {
      started.listen();
      started.load();
      return started;
    } catch (RuntimeException | Error e) {
      started.close();
      throw e;
    }
  }

  private void listen() {
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

  private void load() {
    reloading.begin();
    admission.begin();
    ready.setHealthy(true);
    reloading.watch();
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

  /** Waits until {@link #close} has ended, which another thread calls. */
  public void await() throws InterruptedException {
    ended.await();
  }

  /**
   * Takes no more requests, waits for those under way as long as the configuration allows, and
   * releases the models. May be called again.
   */
  @Override
  public void close() {
    ready.setHealthy(false);
    admission.end();
    try {
      server.stop().join();
      admission.close();
      batches.close();
    } finally {
      shadows.close();
      reloading.close();
      models.close();
      metrics.close();
      ended.countDown();
    }
  }
}
