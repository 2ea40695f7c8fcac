package org.llm4msr.endtoend;

import com.google.inject.Guice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.serving.ranker.Ranker;
import org.llm4msr.serving.ranker.RankerSettings;

/** A model of a plugin folder, which a test may hold within its pass. */
final class HeldShop {

  /** Plugins and tests both see the properties of the JVM, and no classes of each other. */
  private static final String HELD =
      """
      ((java.util.function.Supplier<?>) System.getProperties()
          .getOrDefault("PLACE", (java.util.function.Supplier<?>) () -> 0)).get();
      """;

  /** Within the pass of the model. */
  static final String MODEL = "llm4msr.test.hold.model";

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
    PluginRegistry plugins = PluginRegistry.load(List.of(folder.resolve("model/plugins")));
    return new HeldShop(trained(folder, plugins), plugins);
  }

  private static Path trained(Path folder, PluginRegistry plugins) {
    Experiment experiment =
        Guice.createInjector(new RuntimeModule(plugins))
            .getInstance(Experiments.class)
            .open(
                folder.resolve("experiment.yaml"),
                List.of("model.backbone={name: held}", "model.fusion=none", "training.epochs=1"));
    experiment.prepare(false, Progress.NONE);
    return experiment.train("model", Progress.NONE).bundle();
  }

  /** Opens the model. */
  Ranker ranker() {
    return Ranker.open(bundle, RankerSettings.STANDARD, ConfigLoader.standard(plugins));
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
