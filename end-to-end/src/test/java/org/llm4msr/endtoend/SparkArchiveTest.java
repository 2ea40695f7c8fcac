package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.plugins.PluginRegistry;

/** The archive that is distributed, sent by Spark to executors that have nothing else. */
@Tag("slow")
class SparkArchiveTest {

  @TempDir Path folder;

  @Test
  void executorsRunWhatSparkUnpacks() throws Exception {
    Path archive = archive();
    SmallShop shop = SmallShop.write(folder, 5, 1000, 2000, 60, List.of("feed", "search"));
    Experiment experiment = Experiment.fromYaml(shop.experiment());
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    Path bundle = experiment.train("one", Progress.NONE).bundle();
    Path rows = folder.resolve("rows.csv");
    List<String> lines = new ArrayList<>(List.of("n," + SmallShop.COLUMNS));
    for (int n = 0; n < 300; n++) {
      lines.add(n + "," + shop.rows().get(n));
    }
    Files.write(rows, lines);
    Path scores = folder.resolve("scores");
    Cli cli = new Cli(folder);
    SparkFolder.writeApplication(folder.resolve("checkout/spark/target/spark"));
    Map<String, String> environment = SparkFolder.write(SharedFolder.make("llm4msr-spark-home"));
    List<String> arguments =
        new ArrayList<>(List.of("spark", "score", bundle.toString(), "--keep=n"));
    arguments.addAll(List.of("--in=" + rows, "--out=" + scores));
    arguments.addAll(
        List.of("--master=local-cluster[1,1,1024]", "-Dspark.archive=" + archive, "--json"));
    SparkFolder.LOOPBACK.forEach(setting -> arguments.add("--conf=" + setting));

    Cli.Outcome outcome = cli.start(environment, arguments.toArray(String[]::new)).await();

    assertThat(outcome.code()).as(outcome.err()).isZero();
    ConfigLoader loader = ConfigLoader.standard(PluginRegistry.load());
    assertThat(ScoredFiles.read(scores))
        .hasSize(300)
        .isEqualTo(ScoredFiles.score(bundle, rows, loader, null));
  }

  private static Path archive() throws IOException {
    Path target = Path.of(System.getProperty("llm4msr.root"), "dist/target");
    try (Stream<Path> files = Files.list(target)) {
      List<Path> archives =
          files.filter(file -> file.toString().endsWith("-linux-x86_64.tar.gz")).toList();
      assumeTrue(archives.size() == 1, "no archive: mvn -Pfull builds it; skipped");
      return archives.get(0);
    }
  }
}
