package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.plugins.PluginRegistry;

/**
 * The example of Spark, from raw files to scores.
 *
 * @param script {@code chain.sh} of an outline of a checkout
 * @param environment of its commands
 * @param work the folder that gets everything
 */
record SparkChain(Path script, Map<String, String> environment, Path work) {

  private static final int MINUTES = 20;
  private static final String RUN = "runs/first";

  /** Models whose losses agree within 1e-5 give probabilities that agree within this. */
  private static final float PROBABILITY = 1e-3f;

  /**
   * Prepares the example.
   *
   * @param folder gets a checkout, and {@code work}
   */
  static SparkChain in(Path folder) throws IOException {
    Path checkout = folder.resolve("checkout");
    Checkout.write(checkout);
    SparkFolder.writeApplication(checkout.resolve("spark/target/launcher/spark"));
    Path example = Files.createDirectories(checkout.resolve("examples/spark"));
    Path original = Path.of(System.getProperty("llm4msr.root"), "examples/spark");
    try (DirectoryStream<Path> files = Files.newDirectoryStream(original)) {
      for (Path file : files) {
        Files.copy(file, example.resolve(file.getFileName().toString()));
      }
    }
    return new SparkChain(
        example.resolve("chain.sh"),
        SparkFolder.write(SharedFolder.make("llm4msr-spark-home")),
        folder.resolve("work"));
  }

  /** Starts it. */
  Cli.Running start(String... options) throws IOException {
    List<String> command = new ArrayList<>(List.of("bash", script.toString(), work.toString()));
    command.addAll(List.of(options));
    Path out = Files.createDirectories(work).resolve("stdout");
    Path err = work.resolve("stderr");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("LLM4MSR_JAVA_OPTS", "-Xmx1g -XX:TieredStopAtLevel=1");
    builder.environment().putAll(environment);
    return new Cli.Running(
        builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start(), out, err);
  }

  /** Waits for the end, and requires that it is a good one. */
  static String succeed(Cli.Running running) throws IOException, InterruptedException {
    assertThat(running.process().waitFor(MINUTES, TimeUnit.MINUTES)).as("ends").isTrue();
    String out = Files.readString(running.out(), UTF_8);
    assertThat(running.process().exitValue()).as(() -> out + contents(running.err())).isZero();
    return out;
  }

  private static String contents(Path file) {
    try {
      return Files.readString(file, UTF_8);
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Does the same on one machine, and requires equal files, losses and scores. */
  void assertIsThatOfOneMachine() throws Exception {
    Experiment alone = Experiment.fromYaml(work.resolve("kuaisar.yaml"), "workspace=alone");
    alone.prepare(false, Progress.NONE);
    PreparedParts.assertSame(work.resolve("work/prepared"), work.resolve("alone/prepared"));
    alone.extract(false, Progress.NONE);
    SameResults.assertSameKnowledge(
        KnowledgeStore.open(work.resolve("work/knowledge")),
        KnowledgeStore.open(work.resolve("alone/knowledge")));
    Path bundle = alone.train("first", Progress.NONE).bundle();
    SameResults.assertSameLosses(
        work.resolve("work").resolve(RUN), work.resolve("alone").resolve(RUN));
    List<Float> found = ScoredFiles.read(work.resolve("scores"));
    Path rows = work.resolve("rows.csv");
    ConfigLoader loader = ConfigLoader.standard(PluginRegistry.load());
    // One file is one partition, whose batches are those of the scorer.
    assertThat(found).isEqualTo(ScoredFiles.score(work.resolve("compiled"), rows, loader, null));
    List<Float> ofOne = ScoredFiles.score(bundle, rows, loader, null);
    assertThat(found).hasSameSizeAs(ofOne).hasSizeGreaterThan(1000);
    for (int n = 0; n < found.size(); n++) {
      assertThat(Math.abs(found.get(n) - ofOne.get(n))).as("row %d", n).isLessThan(PROBABILITY);
    }
  }
}
