package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiling by the launcher: a model that can be recorded, and a plugin that cannot. */
class CompileCommandTest {

  /** A backbone that asks for the value of an array, as no graph can. */
  private static final String SOURCE =
      """
      package peek;

      import ai.djl.ndarray.NDArray;
      import ai.djl.ndarray.types.Shape;
      import org.llm4msr.api.Plugin;
      import org.llm4msr.api.model.*;

      @Plugin(name = "peek", description = "Looks at the sum of its input")
      public final class Peek implements BackboneFactory<Peek.None> {
        public record None() {}

        public Class<None> configType() {
          return None.class;
        }

        public boolean hasHidden(None config) {
          return false;
        }

        public Backbone create(None config, ModelContext context) {
          Shape shape = new Shape(context.layout().width(), 1);
          Parameter weight = context.parameter("weight", shape, Initializer.zeros(), Decay.YES);
          return new Backbone() {
            public int hiddenSize() {
              return 0;
            }

            public BackboneOutput forward(Pass pass, Features features) {
              NDArray sums = features.flat().matMul(weight.array()).squeeze(-1);
              return new BackboneOutput(null, sums.sum().getFloat() > 1e9f ? sums.neg() : sums);
            }
          };
        }
      }
      """;

  @TempDir Path folder;
  private Cli cli;

  @BeforeEach
  void prepare() throws Exception {
    SmallShop.write(folder, 1, 1000, 600, 60, List.of("feed", "search"));
    PluginSource.install(folder, "Peek", SOURCE);
    cli = new Cli(folder);
    assertThat(run("data", "prepare", "experiment.yaml").code()).isZero();
  }

  private Cli.Outcome run(String... command) throws Exception {
    Cli.Outcome outcome =
        cli.run(
            Stream.concat(Stream.of(command), Stream.of("--plugins", "plugins"))
                .toArray(String[]::new));
    return outcome;
  }

  private Path bundle(String run) {
    return folder.resolve("work/runs").resolve(run).resolve("bundle");
  }

  private Cli.Outcome train(String run, String... settings) throws Exception {
    Stream<String> command =
        Stream.of("train", "experiment.yaml", "--run", run, "-Dmodel.fusion=none");
    return run(Stream.concat(command, Stream.of(settings)).toArray(String[]::new));
  }

  @Test
  void aRunCompilesItsBundleIfItIsToldTo() throws Exception {
    Cli.Outcome outcome = train("compiled", "-Dscoring.compile=true");

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(bundle("compiled").resolve("compiled/compiled.json")).exists();
    assertThat(bundle("compiled").resolveSibling("bundle-uncompiled")).doesNotExist();

    Cli.Outcome again = run("compile", bundle("compiled").toString());
    assertThat(again.code()).isEqualTo(2);
    assertThat(again.err()).contains("[compile/COMPILED]", bundle("compiled").toString());
  }

  @Test
  void aPluginThatCannotBeRecordedIsNamedAndItsModelScoresAsBefore() throws Exception {
    Cli.Outcome outcome = train("peek", "-Dscoring.compile=true", "-Dmodel.backbone={name: peek}");

    assertThat(outcome.code()).as(outcome.err()).isZero();
    String why = "peek.Peek$1, line 30, reads values of an array (getFloat)";
    assertThat(outcome.err()).contains("WARN", "is not compiled: [compile/NOT_RECORDED] " + why);
    assertThat(bundle("peek").resolve("manifest.json")).exists();
    assertThat(bundle("peek").resolve("compiled")).doesNotExist();

    Cli.Outcome compiled = run("compile", bundle("peek").toString(), "--out", "out");
    assertThat(compiled.code()).isEqualTo(1);
    assertThat(compiled.err()).contains("[compile/NOT_RECORDED] " + why);
    assertThat(folder.resolve("out")).doesNotExist();
  }
}
