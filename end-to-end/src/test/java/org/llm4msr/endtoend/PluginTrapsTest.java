package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.inject.Guice;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.cli.InProcess;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.plugins.PluginRegistry;

/**
 * Plugins that break their contract in ways that would stop or hide a command: each is named, in a
 * plugin folder and on the class path.
 */
class PluginTrapsTest {

  private static final String SOURCE =
      """
      package trap;

      import ai.djl.ndarray.NDArray;
      import ai.djl.ndarray.types.Shape;
      import java.io.BufferedReader;
      import java.io.IOException;
      import java.io.StringReader;
      import java.nio.file.Path;
      import java.util.Collections;
      import java.util.List;
      import java.util.Set;
      import org.apache.arrow.memory.BufferAllocator;
      import org.apache.arrow.vector.ipc.ArrowReader;
      import org.apache.arrow.vector.types.pojo.ArrowType;
      import org.apache.arrow.vector.types.pojo.Field;
      import org.apache.arrow.vector.types.pojo.Schema;
      import org.llm4msr.api.*;
      import org.llm4msr.api.data.*;
      import org.llm4msr.api.knowledge.*;
      import org.llm4msr.api.model.*;

      public final class Traps {
        public record Trap(@Setting(value = "What goes wrong", defaultValue = "nothing") String trap) {
          boolean is(String other) {
            return trap.equals(other);
          }

          void spring() {
            switch (trap) {
              case "overflow" -> deeper(0);
              case "exit" -> System.exit(0);
              default -> {}
            }
          }
        }

        static int deeper(int depth) {
          return deeper(depth + 1) + 1;
        }

        @Plugin(name = "trap-backbone", description = "Falls into a trap")
        public static final class OfBackbones implements BackboneFactory<Trap> {
          public Class<Trap> configType() { return Trap.class; }
          public boolean hasHidden(Trap config) { return true; }
          public Set<ModelInput> inputs(Trap config) { return config.is("no-inputs") ? null : Set.of(); }
          public Backbone create(Trap config, ModelContext context) {
            Shape shape = new Shape(context.layout().width(), 1);
            Parameter weight = context.parameter("weight", shape, Initializer.zeros(), Decay.YES);
            return config.is("no-backbone") ? null : new Backbone() {
              public int hiddenSize() {
                return switch (config.trap()) {
                  case "hidden" -> 3;
                  case "no-size" -> 0;
                  case "negative-size" -> -2;
                  default -> 1;
                };
              }
              public BackboneOutput forward(Pass pass, Features features) {
                config.spring();
                NDArray hidden = features.flat().matMul(weight.array());
                if (config.is("closed")) {
                  features.flat().close();
                }
                return config.is("no-output") ? null : new BackboneOutput(hidden, hidden.squeeze(-1));
              }
            };
          }
        }

        @Plugin(name = "trap-head", description = "Falls into a trap")
        public static final class OfHeads implements FusionHeadFactory<Trap> {
          public Class<Trap> configType() { return Trap.class; }
          public Set<ModelInput> requires(Trap config) { return Set.of(ModelInput.HIDDEN); }
          public FusionHead create(Trap config, FusionContext context) {
            Backbone backbone = context.backbone(context.model().layout());
            return (pass, features) -> config.is("no-logits") ? null : backbone.forward(pass, features).logit();
          }
        }

        @Plugin(name = "trap-meta", description = "Falls into a trap")
        public static final class OfMetaNetworks implements MetaNetworkFactory<Trap> {
          public Class<Trap> configType() { return Trap.class; }
          public MetaNetwork create(Trap config, MetaContext context) {
            return new MetaNetwork() {
              public MetaWeights generate(Pass pass, NDArray knowledge) { return null; }
              public NDArray apply(Pass pass, MetaWeights weights, Grouping grouping, NDArray x) { return x; }
              public long bytesPerGroup() { return 4; }
              public boolean cacheable() { return false; }
            };
          }
        }

        @Plugin(name = "trap-reader", description = "Falls into a trap")
        public static final class OfReaders implements DatasetReaderFactory<Trap> {
          public Class<Trap> configType() { return Trap.class; }
          public DatasetReader create(Trap config, DatasetContext context) {
            return new DatasetReader() {
              public RawSchema schema() {
                return config.is("no-schema") ? null : new RawSchema(
                    List.of(RawTable.INTERACTIONS),
                    List.of(new RawField("user", RawTable.INTERACTIONS, RawSchema.USER, FieldRole.USER,
                        new FieldKind.Categorical())),
                    true, false, List.of(), List.of(), "label = 1");
              }
              public List<RawScenario> scenarios() { return List.of(); }
              public List<Path> sources() { return List.of(); }
              public ArrowReader open(RawTable table, BufferAllocator allocator) {
                return config.is("no-rows") ? null : new Rows(config, allocator);
              }
              public void close() {}
            };
          }
        }

        private static final class Rows extends ArrowReader {
          private final Trap trap;
          Rows(Trap trap, BufferAllocator allocator) {
            super(allocator);
            this.trap = trap;
          }
          public boolean loadNextBatch() throws IOException {
            trap.spring();
            BufferedReader lines = new BufferedReader(new StringReader("1 2 3"));
            if (trap.is("closed")) {
              lines.close();
            }
            return lines.readLine() == null;
          }
          public long bytesRead() { return 0; }
          protected void closeReadSource() {}
          protected Schema readSchema() {
            return new Schema(
                List.of(RawSchema.USER, RawSchema.ITEM, RawSchema.SCENARIO, RawSchema.LABEL, RawSchema.TIME).stream()
                    .map(name -> Field.nullable(name, new ArrowType.Int(64, true))).toList());
          }
        }

        @Plugin(name = "trap-encoder", description = "Falls into a trap")
        public static final class OfEncoders implements KnowledgeEncoderFactory<Trap> {
          public Class<Trap> configType() { return Trap.class; }
          public KnowledgeEncoder create(Trap config, EncoderContext context) {
            return new KnowledgeEncoder() {
              public EncoderInfo info() {
                return new EncoderInfo("trap", "1", "0f".repeat(32), "last", 2, 9999, true);
              }
              public int countTokens(String text) { return 1; }
              public List<Knowledge> encode(List<String> texts) {
                config.spring();
                return config.is("hole") ? Collections.singletonList(null) : null;
              }
              public void close() {}
            };
          }
        }
      }
      """;

  @TempDir static Path folder;
  private static Path file;
  private static PluginRegistry inFolder;
  private static PluginRegistry onClassPath;

  @BeforeAll
  static void install() throws IOException {
    SmallShop.write(folder, 1, 1000, 600, 60, List.of("feed", "search"));
    file = folder.resolve("experiment.yaml");
    PluginSource.install(folder, "Traps", SOURCE);
    ClassLoader runtime = PluginTrapsTest.class.getClassLoader();
    inFolder = PluginRegistry.load(new ClassLoader(runtime) {}, List.of(folder.resolve("plugins")));
    URL[] classes = {folder.resolve("classes").toUri().toURL()};
    onClassPath = PluginRegistry.load(new URLClassLoader(classes, runtime), List.of());
    open(inFolder).prepare(false, Progress.NONE);
    open(inFolder).extract(false, Progress.NONE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "model.backbone={name: trap-backbone, trap: no-backbone} | NULL"
            + " | The backbone 'trap-backbone' returned null from create().",
        "model.backbone={name: trap-backbone, trap: no-inputs} | NULL"
            + " | The backbone 'trap-backbone' returned null from a method of its factory.",
        "model.backbone={name: trap-backbone, trap: no-output} | NULL"
            + " | The backbone 'trap-backbone' returned null from forward().",
        "model.backbone={name: trap-backbone, trap: hidden} | HIDDEN_SIZE"
            + " | The backbone 'trap-backbone' returned hidden() of the shape (256, 1) from"
            + " forward(); its hiddenSize() is 3, so (256, 3) is expected.",
        "model.backbone={name: trap-backbone, trap: negative-size} | HIDDEN_SIZE"
            + " | The backbone 'trap-backbone' has a hiddenSize() of -2. Have it return the width",
        "model.backbone={name: trap-backbone, trap: closed} | CLOSED_ARRAY"
            + " | The backbone 'trap-backbone' closed features.flat() in forward(), which the"
            + " runtime and other plugins still read.",
        "model.backbone={name: trap-backbone, trap: overflow} | STACK_OVERFLOW"
            + " | The backbone 'trap-backbone' in forward() overflowed the stack, in the calls of"
            + " trap.Traps.deeper(RECURSION).",
        "model.fusion={name: trap-head, trap: no-logits} | NULL"
            + " | The fusion head 'trap-head' returned null from logits().",
        "model.metaNetworks.user={name: trap-meta} | NULL"
            + " | The meta network 'trap-meta' returned null from generate().",
      })
  void aPartOfAModelIsNamed(String setting, String code, String text) {
    refused(code, text, () -> open(inFolder, setting).train("traps", Progress.NONE));
  }

  @Test
  void aBackboneThatPromisesAHiddenStateHasASize() {
    String[] settings = {
      "model.backbone={name: trap-backbone, trap: no-size}", "model.fusion={name: trap-head}"
    };
    refused(
        "HIDDEN_SIZE",
        "The backbone 'trap-backbone' has a hiddenSize() of 0, but its factory's hasHidden() is",
        () -> open(inFolder, settings).train("traps", Progress.NONE));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "no-schema | NULL | The dataset reader 'trap-reader' returned null from schema().",
        "no-rows   | NULL | The dataset reader 'trap-reader' returned null from open().",
        "closed    | CLOSED_INPUT | The dataset reader 'trap-reader' read on in the rows of open()"
            + " after it had closed its input (Stream closed). Have it close files and streams",
        "overflow  | STACK_OVERFLOW | The dataset reader 'trap-reader' in the rows of open()"
            + " overflowed the stack, in the calls of trap.Traps.deeper(RECURSION).",
      })
  void aReaderIsNamed(String trap, String code, String text) {
    Experiment experiment = reading(inFolder, trap);
    refused(code, text, () -> experiment.prepare(false, Progress.NONE));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nothing  | NULL | The knowledge encoder 'trap-encoder' returned null from encode().",
        "hole     | NULL | The knowledge encoder 'trap-encoder' returned null from encode(), among"
            + " its answers.",
        "overflow | STACK_OVERFLOW | The knowledge encoder 'trap-encoder' in encode() overflowed"
            + " the stack, in the calls of trap.Traps.deeper(RECURSION).",
      })
  void anEncoderIsNamed(String trap, String code, String text) {
    Experiment experiment = encoding(inFolder, trap);
    refused(code, text, () -> experiment.extract(false, Progress.NONE));
  }

  @Test
  void pluginsOfTheClassPathAreNamedToo() {
    String backbone = "model.backbone={name: trap-backbone, trap: overflow}";
    refused(
        "STACK_OVERFLOW",
        "The backbone 'trap-backbone' in forward() overflowed the stack, in the calls of"
            + " trap.Traps.deeper(RECURSION).",
        () -> open(onClassPath, backbone).train("traps", Progress.NONE));
    refused(
        "CLOSED_INPUT",
        "The dataset reader 'trap-reader' read on in the rows of open()",
        () -> reading(onClassPath, "closed").prepare(false, Progress.NONE));
    refused(
        "NULL",
        "The knowledge encoder 'trap-encoder' returned null from encode().",
        () -> encoding(onClassPath, "nothing").extract(false, Progress.NONE));
  }

  private static Experiment reading(PluginRegistry plugins, String trap) {
    String setting = "dataset={name: trap-reader, path: ., trap: %s, split: {by: time}}";
    return open(plugins, setting.formatted(trap), "workspace=other");
  }

  private static Experiment encoding(PluginRegistry plugins, String trap) {
    String setting = "knowledge.encoder={name: trap-encoder, trap: %s}".formatted(trap);
    Experiment experiment = open(plugins, setting, "workspace=encoding");
    experiment.prepare(false, Progress.NONE);
    return experiment;
  }

  private static void refused(String code, String text, Runnable command) {
    MsrException error = catchThrowableOfType(MsrException.class, command::run);
    assertThat(error.code()).isEqualTo("plugin/" + code);
    assertThat(error.type()).isEqualTo(ErrorType.PLUGIN);
    assertThat(error.text()).startsWith(text.replace("RECURSION", line("return deeper(")));
  }

  /** Returns where a text stands in the source. */
  private static String line(String text) {
    return "Traps.java:" + SOURCE.substring(0, SOURCE.indexOf(text)).lines().count();
  }

  private static Experiment open(PluginRegistry plugins, String... settings) {
    return Guice.createInjector(new RuntimeModule(plugins))
        .getInstance(Experiments.class)
        .open(file, List.of(settings));
  }

  @Test
  void anEndOfTheProcessFailsTheCommand() throws Exception {
    Cli.Outcome outcome =
        new Cli(Files.createDirectories(folder.resolve("ends")))
            .run(
                "data",
                "prepare",
                file.toString(),
                "-Dworkspace=ends",
                "-Ddataset={name: trap-reader, path: ., trap: exit, split: {by: time}}",
                "--plugins",
                folder.resolve("plugins").toString());

    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err())
        .contains(
            "[cli/EXIT] trap.Traps$Trap.spring(%s) in the plugin folder Traps called System.exit. What is stored is kept; report it to the author of that code."
                .formatted(line("System.exit(0)")));
  }

  @Test
  void anOverflowIsAFewLinesInTheTerminal() {
    String[] train = train("overflow");

    InProcess.Outcome brief = InProcess.start(train);
    assertThat(brief.code()).isEqualTo(1);
    assertThat(brief.err()).contains("[plugin/STACK_OVERFLOW]").doesNotContain("\tat ");
    InProcess.Outcome full = InProcess.start(with(train, "--debug"));
    assertThat(full.err().lines().filter(line -> line.contains("Traps.deeper(Traps")))
        .hasSizeBetween(10, 40);
  }

  /** Returns a command that trains with the backbone of the plugin folder in a trap. */
  private static String[] train(String trap) {
    return new String[] {
      "train",
      file.toString(),
      "--run",
      trap,
      "-Dmodel.fusion=none",
      "-Dmodel.backbone={name: trap-backbone, trap: %s}".formatted(trap),
      "--plugins",
      folder.resolve("plugins").toString()
    };
  }

  private static String[] with(String[] command, String... more) {
    List<String> all = new ArrayList<>(List.of(command));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }
}
