package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.scoring.Scorer;

/** The runtime in processes that are not the launcher's. */
class EmbeddedTest {

  /** What docs/scoring.md says can be left out, with what only that needs. */
  private static final String UNUSED =
      "duckdb_jdbc|mxnet|picocli|progressbar|jline|protobuf-java|commons-|hipparchus|jmustache|logback";

  private static final String OPTIONS =
      "@" + Path.of(System.getProperty("llm4msr.root"), "jvm.options");

  @TempDir static Path folder;
  private static Path experiment;
  private static Path bundle;
  private static String scores;

  @BeforeAll
  static void train() throws IOException {
    experiment = SmallShop.write(folder, 1, 300, 900, 90, List.of("feed", "home")).experiment();
    bundle = EmbeddedService.train(experiment);
    scores = EmbeddedService.score(bundle);
  }

  @Test
  void scoresWithTheMinimalClassPathAndAForeignContextLoader() throws Exception {
    assertThat(java(List.of(OPTIONS), UNUSED, "score", bundle.toString())).containsExactly(scores);
  }

  @Test
  void trainsWithoutLogback() throws Exception {
    assertThat(java(List.of(OPTIONS), "logback", "train", experiment.toString()))
        .containsExactly(bundle.toString());
  }

  @Test
  void saysWhichOptionTheJvmLacks() throws Exception {
    List<String> said =
        java(List.of(), "none", "score", bundle.toString(), "train", experiment.toString());
    assertThat(said).filteredOn(line -> line.startsWith("[jvm/NOT_OPEN]")).hasSize(2);
  }

  @Test
  void aRunThatCannotBeginReleasesItsModel() throws Exception {
    Files.createDirectories(folder.resolve("work/runs/blocked/config.yaml/in-the-way"));
    Set<Thread> before = engineThreads();

    assertThatThrownBy(() -> Experiment.fromYaml(experiment).train("blocked", Progress.NONE))
        .hasMessageContaining("training/RUN_FOLDER");
    assertEnded(before);
  }

  /** As a service that shuts its pool down does. */
  @Test
  void aScorerThatAnInterruptedThreadClosesReleasesItsModel() throws Exception {
    Set<Thread> before = engineThreads();
    Scorer scorer = Scorer.load(bundle);
    assertThat(engineThreads()).hasSizeGreaterThan(before.size());

    Thread.currentThread().interrupt();
    scorer.close();
    assertThat(Thread.interrupted()).isTrue();
    assertEnded(before);
  }

  /** Waits for the engines' threads that were started since. */
  private static void assertEnded(Set<Thread> before) throws InterruptedException {
    Set<Thread> left = engineThreads();
    left.removeAll(before);
    for (Thread thread : left) {
      thread.join(10_000);
      assertThat(thread.isAlive()).isFalse();
    }
  }

  private static Set<Thread> engineThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("llm4msr-engine"))
        .collect(Collectors.toCollection(HashSet::new));
  }

  /**
   * Returns the lines of the service's output.
   *
   * @param without what the names of jars contain that it does not get, as a regular expression
   * @param stages each with its path
   */
  private static List<String> java(List<String> options, String without, String... stages)
      throws IOException, InterruptedException {
    String classPath =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(
                entry -> !Path.of(entry).getFileName().toString().matches(".*(" + without + ").*"))
            .collect(Collectors.joining(File.pathSeparator));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.addAll(options);
    command.addAll(List.of("-cp", classPath, EmbeddedService.class.getName()));
    command.addAll(List.of(stages));
    Path errors = folder.resolve("errors");
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    List<String> lines =
        new String(process.getInputStream().readAllBytes(), UTF_8).lines().toList();
    assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
    assertThat(lines).as(Files.readString(errors)).isNotEmpty();
    return lines;
  }
}
