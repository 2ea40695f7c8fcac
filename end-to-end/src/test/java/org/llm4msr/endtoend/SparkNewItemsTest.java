package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.plugins.PluginRegistry;

/** Items that the bundle does not know, scored on Spark by the vectors of another store. */
@Tag("cluster")
class SparkNewItemsTest {

  private static final String[] SETTINGS = {
    "knowledge.items={}", "model.itemKnowledge={width: 4}", "dataset.minFrequency=1"
  };

  @TempDir Path folder;

  @Test
  void executorsReadTheVectorsThatTheDriverNames() throws Exception {
    SmallShop shop = SmallShop.write(folder, 5, 1000, 2000, 60, List.of("feed", "search"));
    Experiment experiment = Experiment.fromYaml(shop.experiment(), SETTINGS);
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    Path bundle = experiment.train("one", Progress.NONE).bundle();
    Path store = extractNewItems();
    Path rows = writeRows();
    Cli cli = new Cli(folder);
    SparkFolder.writeApplication(folder.resolve("checkout/spark/target/launcher/spark"));
    Map<String, String> environment = SparkFolder.write(SharedFolder.make("llm4msr-spark-home"));
    Path scores = folder.resolve("scores");
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "spark",
                "score",
                bundle.toString(),
                "--in=" + rows,
                "--out=" + scores,
                "--keep=n",
                "--knowledge=" + store,
                "--master=local-cluster[2,1,1024]"));
    SparkFolder.LOOPBACK.forEach(setting -> arguments.add("--conf=" + setting));

    Cli.Outcome outcome = cli.start(environment, arguments.toArray(String[]::new)).await();

    assertThat(outcome.code()).as(outcome.err()).isZero();
    ConfigLoader loader = ConfigLoader.standard(PluginRegistry.load());
    assertThat(ScoredFiles.read(scores))
        .hasSize(100)
        .isEqualTo(ScoredFiles.score(bundle, rows, loader, store))
        .isNotEqualTo(ScoredFiles.score(bundle, rows, loader, null));
  }

  private Path extractNewItems() throws IOException {
    Path raw = folder.resolve("raw");
    List<String> log = new ArrayList<>(List.of(SmallShop.COLUMNS));
    List<String> items = new ArrayList<>(List.of("item,kind,words,title"));
    for (int n = 0; n < 50; n++) {
      log.add("%d,new%d,feed,%d,%d,3,9.5,a".formatted(n % 60, n, n % 2, 5000 + n));
      items.add("new%d,k%d,w1|w2,title %d".formatted(n, n % 4, n % 37));
    }
    Files.write(raw.resolve("next.csv"), log);
    Files.write(raw.resolve("next-items.csv"), items);
    List<String> settings = new ArrayList<>(List.of(SETTINGS));
    settings.addAll(
        List.of(
            "workspace=next",
            "dataset.files=[next.csv]",
            "dataset.items={files: [next-items.csv], key: item, text: [title]}"));
    Experiment next =
        Experiment.fromYaml(folder.resolve("experiment.yaml"), settings.toArray(String[]::new));
    next.prepare(false, Progress.NONE);
    next.extract(false, Progress.NONE);
    return folder.resolve("next/knowledge");
  }

  private Path writeRows() throws IOException {
    List<String> lines = new ArrayList<>(List.of("n,user,item,scenario,hour,price,tags"));
    for (int n = 0; n < 100; n++) {
      lines.add("%d,%d,new%d,search,%d,8.5,a|b".formatted(n, n % 60, n % 50, n % 24));
    }
    return Files.write(folder.resolve("rows.csv"), lines);
  }
}
