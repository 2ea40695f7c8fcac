package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;

/** Files of published formats that Spark prepares beside one machine. */
@Tag("cluster")
class SparkReadersTest {

  /** Settings that read more of a format than the defaults. */
  private static final Map<String, List<String>> MORE =
      Map.of(
          "kuaisar",
          List.of("dataset.searches=true", "dataset.numericFields=true", "dataset.labels=[like]"),
          "kuairand release=27k",
          List.of("dataset.statistics=true", "dataset.labels=[is_like, long_view]"),
          "amazon parts=true history=true",
          List.of("dataset.sharedHistory=true"),
          "mind",
          List.of("dataset.history=true"),
          "ali-ccp",
          List.of("dataset.numericFields=true", "dataset.labels=[purchase]"));

  @TempDir static Path folder;
  private static Cli cli;
  private static Map<String, String> environment;

  static Stream<String> readers() {
    return Stream.concat(GeneratedData.READERS.stream(), GeneratedData.RELEASES.stream())
        .filter(name -> !name.equals("table"));
  }

  @BeforeAll
  static void unpackSpark() throws IOException {
    cli = new Cli(folder);
    SparkFolder.writeApplication(folder.resolve("checkout/spark/target/launcher/spark"));
    environment = SparkFolder.write(SharedFolder.make("llm4msr-spark-home"));
  }

  @ParameterizedTest
  @MethodSource("readers")
  void generatedFilesArePreparedAsOnOneMachine(String which) throws Exception {
    Path own = folder.resolve(which.replace(' ', '-'));
    GeneratedData data =
        GeneratedData.write(own, which, "interactions=2003", "users=100", "items=150");
    List<String> more = MORE.getOrDefault(which, List.of());
    List<String> line = new ArrayList<>(List.of("spark", "prepare", data.experiment().toString()));
    line.addAll(List.of("--master=local[2]", "--part-rows=600", "-Dworkspace=spark"));
    line.add("--conf=spark.sql.shuffle.partitions=4");
    line.add("--conf=spark.sql.files.openCostInBytes=1000");
    line.add("--conf=spark.sql.files.maxPartitionBytes=20k"); // Several pieces of each file.
    SparkFolder.LOOPBACK.forEach(setting -> line.add("--conf=" + setting));
    more.forEach(setting -> line.add("-D" + setting));

    Cli.Outcome outcome = cli.start(environment, line.toArray(String[]::new)).await();

    assertThat(outcome.code()).as(outcome.err()).isZero();
    List<String> one = new ArrayList<>(more);
    one.add("workspace=one");
    Experiment.fromYaml(data.experiment(), one.toArray(String[]::new))
        .prepare(false, Progress.NONE);
    PreparedParts.assertSame(own.resolve("spark/prepared"), own.resolve("one/prepared"));
  }
}
