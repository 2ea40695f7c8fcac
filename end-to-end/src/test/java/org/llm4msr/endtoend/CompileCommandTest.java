package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.cli.InProcess;

/** Commands that compile: a model that can be recorded, and a plugin that cannot. */
class CompileCommandTest {

  @TempDir static Path folder;

  @BeforeAll
  static void prepare() throws Exception {
    SmallShop.write(folder, 1, 1000, 600, 60, List.of("feed", "search"));
    // It asks for the value of an array, as no graph can.
    String logit = "sums.sum().getFloat() > 1e9f ? sums.neg() : sums";
    PluginSource.install(folder, "Peek", PluginSource.sumOfInput("Peek", "", logit));
    assertThat(run("data", "prepare", experiment()).code()).isZero();
  }

  private static String experiment() {
    return folder.resolve("experiment.yaml").toString();
  }

  private static InProcess.Outcome run(String... command) {
    return InProcess.start(
        Stream.concat(
                Stream.of(command), Stream.of("--plugins", folder.resolve("plugins").toString()))
            .toArray(String[]::new));
  }

  private static Path bundle(String run) {
    return folder.resolve("work/runs").resolve(run).resolve("bundle");
  }

  private static InProcess.Outcome train(String run, String... settings) {
    Stream<String> command = Stream.of("train", experiment(), "--run", run, "-Dmodel.fusion=none");
    return run(Stream.concat(command, Stream.of(settings)).toArray(String[]::new));
  }

  @Test
  void aRunCompilesItsBundleIfItIsToldTo() {
    InProcess.Outcome outcome = train("compiled", "-Dscoring.compile=true");

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(bundle("compiled").resolve("compiled/compiled.json")).exists();
    assertThat(bundle("compiled").resolveSibling("bundle-uncompiled")).doesNotExist();

    InProcess.Outcome again = run("compile", bundle("compiled").toString());
    assertThat(again.code()).isEqualTo(2);
    assertThat(again.err()).contains("[compile/COMPILED]", bundle("compiled").toString());
  }

  @Test
  void aPluginThatCannotBeRecordedIsNamedAndItsModelScoresAsBefore() {
    InProcess.Outcome outcome =
        train("peek", "-Dscoring.compile=true", "-Dmodel.backbone={name: peek}");

    assertThat(outcome.code()).as(outcome.err()).isZero();
    String why = "Peek$1, line 29, reads values of an array (getFloat)";
    assertThat(outcome.err()).contains("is not compiled: [compile/NOT_RECORDED] " + why);
    assertThat(bundle("peek").resolve("manifest.json")).exists();
    assertThat(bundle("peek").resolve("compiled")).doesNotExist();

    Path out = folder.resolve("out");
    InProcess.Outcome compiled = run("compile", bundle("peek").toString(), "--out", out.toString());
    assertThat(compiled.code()).isEqualTo(1);
    assertThat(compiled.err()).contains("[compile/NOT_RECORDED] " + why);
    assertThat(out).doesNotExist();
  }
}
