package org.llm4msr.endtoend;

import com.google.inject.Guice;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.server.RankingServer;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.serving.ranker.Ranker;
import org.llm4msr.serving.ranker.RankerSettings;

/**
 * A model and an encoder of a plugin folder, which a test may hold within the pass of the model or
 * within a call of the encoder.
 */
final class HeldShop {

  /** Plugins and tests both see the properties of the JVM, and no classes of each other. */
  private static final String HELD =
      """
      ((java.util.function.Supplier<?>) System.getProperties()
          .getOrDefault("PLACE", (java.util.function.Supplier<?>) () -> 0)).get();
      """;

  /** Within the pass of the model. */
  static final String MODEL = "llm4msr.test.hold.model";

  /** Within a call of the encoder with a text that begins with "hold". */
  static final String ENCODING = "llm4msr.test.hold.encoding";

  private static final String ENCODER =
      """
      import java.util.List;
      import org.llm4msr.api.Plugin;
      import org.llm4msr.api.knowledge.*;

      @Plugin(name = "holding", description = "Encodes the length of a text")
      public final class Holding implements KnowledgeEncoderFactory<Holding.None> {
        public record None() {}
        public Class<None> configType() { return None.class; }
        public KnowledgeEncoder create(None config, EncoderContext context) {
          return new KnowledgeEncoder() {
            private volatile boolean closed;
            public EncoderInfo info() {
              return new EncoderInfo("holding", "1", "0f".repeat(32), "lengths", 4, 100_000, false);
            }
            public int countTokens(String text) { return text.length(); }
            public List<Knowledge> encode(List<String> texts) {
              if (texts.get(0).startsWith("hold")) {
                HELD
              }
              if (closed) {
                throw new IllegalStateException("used after it was closed");
              }
              return texts.stream().map(text -> answer(text)).toList();
            }
            private Knowledge answer(String text) {
              return new Knowledge(
                  new float[] {text.length() % 7, text.length() % 5, text.hashCode() % 11, 1}, null);
            }
            public void close() { closed = true; }
          };
        }
      }
      """
          .replace("HELD", HELD.replace("PLACE", ENCODING));

  final Path bundle;
  private final PluginRegistry plugins;

  private HeldShop(Path bundle, PluginRegistry plugins) {
    this.bundle = bundle;
    this.plugins = plugins;
  }

  /** Trains the model in a folder. */
  static HeldShop train(Path folder) throws IOException {
    SmallShop.write(folder, 1, 200, 600, 60, List.of("feed", "search"));
    PluginSource.install(
        Files.createDirectory(folder.resolve("model")),
        "Held",
        PluginSource.sumOfInput("Held", "", "held(sums)")
            .replaceFirst(
                "public record None",
                "static NDArray held(NDArray sums) { %s return sums; }\n public record None"
                    .formatted(HELD.replace("PLACE", MODEL))));
    PluginSource.install(Files.createDirectory(folder.resolve("encoder")), "Holding", ENCODER);
    PluginRegistry plugins =
        PluginRegistry.load(
            List.of(folder.resolve("model/plugins"), folder.resolve("encoder/plugins")));
    HeldShop shop = new HeldShop(trained(folder, plugins), plugins);
    shop.start().close(); // Threads of Armeria that stay are none that a test leaves.
    return shop;
  }

  private static Path trained(Path folder, PluginRegistry plugins) {
    Experiment experiment =
        Guice.createInjector(new RuntimeModule(plugins))
            .getInstance(Experiments.class)
            .open(
                folder.resolve("experiment.yaml"),
                List.of(
                    "model.backbone={name: held}",
                    "model.fusion={name: concat, width: 4}",
                    "knowledge.encoder={name: holding}",
                    "training.epochs=1"));
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    return experiment.train("model", Progress.NONE).bundle();
  }

  /** Opens the model. */
  Ranker ranker() {
    return Ranker.open(bundle, RankerSettings.STANDARD, ConfigLoader.standard(plugins));
  }

  /** Sends a request to a server that may have ended. */
  static CompletableFuture<HttpResponse<String>> send(
      int port, String method, String path, String body) {
    return send(port, HttpClient.Version.HTTP_1_1, method, path, body);
  }

  /** Sends a request, by a version of HTTP, to a server that may have ended. */
  static CompletableFuture<HttpResponse<String>> send(
      int port, HttpClient.Version version, String method, String path, String body) {
    URI address = URI.create("http://127.0.0.1:%d%s".formatted(port, path));
    return ServedShop.CLIENT.sendAsync(
        HttpRequest.newBuilder(address)
            .version(version)
            .method(method, BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  /** Starts a server with the model and the encoder. */
  RankingServer start(String... settings) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "port=0",
                "warmUpSeconds=0",
                "drainSeconds=0",
                "models.main.bundle=" + bundle,
                "knowledge.encoder={name: holding}"));
    all.addAll(List.of(settings));
    ConfigLoader loader = ConfigLoader.standard(plugins);
    return RankingServer.start(loader.bind(ServerConfig.class, all, "the test"), loader);
  }

  /** Holds what comes to a place, until it is closed. */
  static final class Hold implements AutoCloseable {

    private final String place;
    private final CountDownLatch there = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);

    Hold(String place) {
      this.place = place;
      Supplier<?> hold = this::hold;
      System.getProperties().put(place, hold);
    }

    private Object hold() {
      there.countDown();
      try {
        return released.await(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    /** Waits until something is held. */
    void await() throws InterruptedException {
      if (!there.await(1, TimeUnit.MINUTES)) {
        throw new AssertionError("nothing came");
      }
    }

    @Override
    public void close() {
      System.getProperties().remove(place);
      released.countDown();
    }
  }
}
