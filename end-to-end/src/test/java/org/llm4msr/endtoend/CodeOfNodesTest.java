package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.inject.Guice;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.cluster.OpenEncoding;
import org.llm4msr.runtime.cluster.OpenReading;
import org.llm4msr.runtime.cluster.OpenScoring;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.plugins.PluginRegistry;

/** Nodes whose copy of a plugin lacks a class that its code calls. */
class CodeOfNodesTest {

  private static final String SOURCE =
      """
      import ai.djl.ndarray.NDArray;
      import ai.djl.ndarray.types.Shape;
      import java.util.List;
      import org.llm4msr.api.Plugin;
      import org.llm4msr.api.data.*;
      import org.llm4msr.api.knowledge.*;
      import org.llm4msr.api.model.*;

      public final class Parts {
        public record None() {}

        @Plugin(name = "part-backbone", description = "Sums its input")
        public static final class OfBackbones implements BackboneFactory<None> {
          public Class<None> configType() { return None.class; }
          public boolean hasHidden(None config) { return false; }
          public Backbone create(None config, ModelContext context) {
            Shape shape = new Shape(context.layout().width(), 1);
            Parameter weight = context.parameter("weight", shape, Initializer.zeros(), Decay.YES);
            return new Backbone() {
              public int hiddenSize() { return 0; }
              public BackboneOutput forward(Pass pass, Features features) {
                NDArray sums = features.flat().matMul(weight.array()).squeeze(-1);
                return new BackboneOutput(null, sums.mul(Remote.ONE()));
              }
            };
          }
        }

        @Plugin(name = "part-encoder", description = "Gives ones")
        public static final class OfEncoders implements KnowledgeEncoderFactory<None> {
          public Class<None> configType() { return None.class; }
          public KnowledgeEncoder create(None config, EncoderContext context) {
            return new KnowledgeEncoder() {
              public EncoderInfo info() {
                return new EncoderInfo("part", "1", "0f".repeat(32), "ones", 1, 9999, true);
              }
              public int countTokens(String text) { return 1; }
              public List<Knowledge> encode(List<String> texts) {
                return texts.stream().map(text -> new Knowledge(new float[] {Remote.ONE()}, null)).toList();
              }
              public void close() {}
            };
          }
        }

        @Plugin(name = "part-reader", description = "Fails")
        public static final class OfReaders implements DatasetReaderFactory<None> {
          public Class<None> configType() { return None.class; }
          public DatasetReader create(None config, DatasetContext context) {
            throw new IllegalStateException("a reader of " + Remote.ONE());
          }
        }
      }

      final class Remote {
        static int ONE() { return 1; }
      }
      """;

  @TempDir static Path folder;
  private static Path file;
  private static Path driver;
  private static Path nodes;

  @BeforeAll
  static void install() throws IOException {
    SmallShop.write(folder, 1, 200, 600, 90, List.of("feed", "search"));
    file = folder.resolve("experiment.yaml");
    Path part = Path.of("Parts/Parts.jar");
    PluginSource.install(folder, "Parts", SOURCE);
    driver = folder.resolve("plugins");
    nodes = folder.resolve("nodes");
    Path copy = nodes.resolve(part);
    Files.createDirectories(copy.getParent());
    Files.copy(driver.resolve(part), copy);
    try (FileSystem jar = FileSystems.newFileSystem(copy)) {
      Files.delete(jar.getPath("Remote.class"));
    }
  }

  @Test
  void prepareNamesIt() throws IOException {
    String reader = "dataset={name: part-reader, path: raw, split: {by: time}}";
    Path plan = Files.createDirectory(folder.resolve("plan"));
    ConfigLoader loader = ConfigLoader.standard(PluginRegistry.load(List.of(driver)));
    Files.writeString(
        plan.resolve("config.yaml"), loader.load(file, List.of(reader)).effective().yaml());
    Map<String, Object> settings =
        Map.of("plan", plan.toString(), "folder", folder.toString(), "memory", 1L << 28);

    assertThatThrownBy(() -> open(new OpenReading(), settings, driver))
        .hasMessageContaining("threw java.lang.IllegalStateException: a reader of 1\n");
    assertNamed(() -> open(new OpenReading(), settings, nodes));
  }

  @Test
  void extractNamesIt() throws Exception {
    String encoding = "{\"encoder\": {\"name\": \"part-encoder\"}}";
    Map<String, Object> settings = new HashMap<>();
    settings.put("encoding", encoding);
    settings.put("encoder", EncoderOfNodesTest.driver(encoding, driver.toString()));
    settings.put("threads", 1);
    Function<Object, Object> encode = open(new OpenEncoding(), settings, nodes);

    assertNamed(() -> encode.apply(List.of("text")));
    ((AutoCloseable) encode).close();
  }

  @Test
  void scoreNamesIt() throws Exception {
    Experiment experiment =
        Guice.createInjector(new RuntimeModule(PluginRegistry.load(List.of(driver))))
            .getInstance(Experiments.class)
            .open(
                file,
                List.of(
                    "model.backbone={name: part-backbone}",
                    "model.fusion=none",
                    "training.epochs=1"));
    experiment.prepare(false, Progress.NONE);
    Path bundle = experiment.train("one", Progress.NONE).bundle();
    Map<String, Object> settings = Map.of("bundle", bundle.toString(), "listSeparator", "|");
    Map<String, Object> columns = new HashMap<>();
    for (String name : SmallShop.COLUMNS.split(",")) {
      columns.put(name, new Object[] {"1"});
    }
    columns.put("scenario", new Object[] {"feed"});
    Map<String, Object> rows = Map.of("rows", 1, "first", 0L, "skip", false, "columns", columns);
    Function<Object, Object> whole = open(new OpenScoring(), settings, driver);
    Function<Object, Object> score = open(new OpenScoring(), settings, nodes);

    Map<?, ?> scored = (Map<?, ?>) whole.apply(rows);
    assertThat((float[]) scored.get("scores")).hasSize(1);
    assertThat(scored.get("unknownItems")).as("there is no item 1").isEqualTo(1L);
    assertNamed(() -> score.apply(rows));
    ((AutoCloseable) whole).close();
    ((AutoCloseable) score).close();
  }

  private static void assertNamed(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isExactlyInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith(
            "[plugin/MISSING_CLASS] Code of the plugin folder Parts cannot be used: the class Remote is missing.");
  }

  @SuppressWarnings("unchecked") // What the functions of a cluster open has this type.
  private static Function<Object, Object> open(
      Function<Object, Object> function, Map<String, Object> settings, Path plugins) {
    Map<String, Object> all = new HashMap<>(settings);
    all.put("plugins", List.of(plugins.toString()));
    return (Function<Object, Object>) function.apply(all);
  }
}
