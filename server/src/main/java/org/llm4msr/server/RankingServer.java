package org.llm4msr.server;

import com.linecorp.armeria.common.util.Exceptions;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.healthcheck.SettableHealthChecker;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.knowledge.vectors.FreshVectors;
import org.llm4msr.server.access.Access;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.server.features.Features;
import org.llm4msr.server.flight.FlightBatches;
import org.llm4msr.server.knowledge.FreshKnowledge;
import org.llm4msr.server.knowledge.KnowledgeUpdates;
import org.llm4msr.server.knowledge.TextEncoder;
import org.llm4msr.server.log.RequestLog;
import org.llm4msr.server.log.WarmUpRequests;
import org.llm4msr.server.metrics.ServerMetrics;
import org.llm4msr.server.models.Models;
import org.llm4msr.server.models.Reloading;
import org.llm4msr.server.ranking.Admission;
import org.llm4msr.server.ranking.FeatureFetch;
import org.llm4msr.server.ranking.RankObserver;
import org.llm4msr.server.ranking.RankService;
import org.llm4msr.server.ranking.Shadows;
import org.llm4msr.serving.ranker.Ranker;
import org.llm4msr.serving.ranker.RankerSettings;
import org.llm4msr.serving.ranker.RankingModel;

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

  /** Opens the model of a bundle. */
  interface ModelOpener {

    /**
     * Opens a model; the server closes it.
     *
     * @param bundle its folder
     * @param vectors that count in place of those of the bundle
     */
    RankingModel open(Path bundle, FreshVectors vectors);
  }

  private final ServerConfig config;
  private final Models models = new Models();
  private final Reloading reloading;
  private final Shadows shadows;
  private final Access access;
  private final FreshKnowledge knowledge;
  private final @Nullable TextEncoder encoder;
  private final LongSupplier ticker;
  private final KnowledgeUpdates updates;
  private final @Nullable Features features;
  private final ServerMetrics metrics;
  private final SettableHealthChecker ready = new SettableHealthChecker(false);
  private final @Nullable RequestLog log;
  private final Admission admission;
  private final FlightBatches batches;
  private final Server server;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);

  private RankingServer(
      ServerConfig config,
      ModelOpener opener,
      Access access,
      FreshKnowledge knowledge,
      @Nullable TextEncoder encoder,
      LongSupplier ticker) {
    this.config = config;
    this.access = access;
    this.knowledge = knowledge;
    this.encoder = encoder;
    this.ticker = ticker;
    metrics = new ServerMetrics(ticker);
    admission = new Admission(config.rankingThreads(), config.limits().queue(), ticker);
    reloading =
        new Reloading(
            config,
            bundle -> opener.open(bundle, knowledge),
            models,
            metrics,
            this::warmUp,
            ticker);
    shadows = new Shadows(models, metrics, ticker);
    features =
        Features.open(config.features(), config.rankingThreads(), config.drain(), metrics, ticker);
    FeatureFetch fetch = features == null ? FeatureFetch.NONE : features;
    log = config.log() == null ? null : new RequestLog(config.log(), ticker);
    List<RankObserver> observers =
        log == null ? List.of(metrics, shadows) : List.of(metrics, shadows, log);
    RankService service =
        new RankService(models, admission, config.limits(), fetch, observers, ticker);
    batches = new FlightBatches(service, config.limits());
    updates = new KnowledgeUpdates(models, knowledge, encoder);
    server =
        new Endpoints(
                config, models, reloading, service, updates, batches, metrics, ready, access,
                ticker)
            .server();
    metrics.observe(admission);
    metrics.observe(knowledge);
    if (log != null) {
      metrics.observe(log);
    }
  }

  /**
   * Listens, loads the models, ranks some drawn requests with each, asks itself over all protocols,
   * and is ready.
   *
   * @param loader knows the plugins
   * @throws MsrException as {@link org.llm4msr.serving.ranker.Ranker#open}; {@code serve/ADDRESS}
   *     and {@code serve/CERTIFICATE} if the server cannot listen
   */
  public static RankingServer start(ServerConfig config, ConfigLoader loader) {
    return start(
        config,
        loader,
        (bundle, vectors) -> Ranker.open(bundle, RankerSettings.STANDARD.with(vectors), loader),
        System::nanoTime);
  }

  /**
   * Starts as above, with models and a time that come from elsewhere.
   *
   * @param ticker the time in nanoseconds, as {@link System#nanoTime}
   */
  static RankingServer start(
      ServerConfig config, ConfigLoader loader, ModelOpener opener, LongSupplier ticker) {
    RankingServer started = made(config, loader, opener, ticker);
    try {
      started.listen();
      started.load();
      return started;
    } catch (RuntimeException | Error e) {
      started.close();
      throw e;
    }
  }

  private static RankingServer made(
      ServerConfig config, ConfigLoader loader, ModelOpener opener, LongSupplier ticker) {
    Access access = new Access(config, loader);
    FreshKnowledge knowledge = FreshKnowledge.open(config.knowledge());
    try {
      TextEncoder encoder =
          config.knowledge().encoder() == null
              ? null
              : new TextEncoder(config.knowledge().encoder(), loader);
      return new RankingServer(config, opener, access, knowledge, encoder, ticker);
    } catch (RuntimeException | Error e) {
      knowledge.close();
      access.close();
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

  private void warmUp(RankingModel ranker) {
    ranker.warmUp(config.warmUp(), WarmUpRequests.of(config.warmUpLog()));
  }

  private void load() {
    if (log != null) {
      log.begin();
    }
    reloading.begin();
    if (config.warmUpSeconds() > 0) {
      new Rehearsal(config, models, ticker).run();
    }
    if (features != null) {
      models.all().forEach(model -> features.warmUp(model.ranker(), config.warmUp()));
    }
    admission.begin();
    ready.setHealthy(true);
    reloading.watch();
    access.watch(config.reloadSeconds());
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
   * releases the models. Called again, it waits until the first call has ended.
   */
  @Override
  public void close() {
    if (closing.compareAndSet(false, true)) {
      try {
        end();
      } finally {
        ended.countDown();
      }
      return;
    }
    try {
      await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void end() {
    ready.setHealthy(false);
    access.close();
    admission.end();
    updates.end();
    try {
      server.stop().join();
      admission.close();
      batches.close();
    } finally {
      if (log != null) {
        log.close();
      }
      shadows.close();
      reloading.close();
      models.close();
      if (encoder != null) {
        encoder.close();
      }
      knowledge.close();
      if (features != null) {
        features.close();
      }
      metrics.close();
    }
  }
}
