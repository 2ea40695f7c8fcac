package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.evaluation.RankingMetrics;
import org.llm4msr.runtime.evaluation.RankingResult;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.report.RunReport;

/** A small shop whose rows name the visit that they belong to, up to the page on a run. */
class GroupsTest {

  @TempDir static Path folder;
  private static Experiment experiment;
  private static Path predictions;
  private static EvaluationReport report;

  @BeforeAll
  static void train() throws IOException {
    SmallShop shop = SmallShop.write(folder, 1, 1000, 3000, 90, List.of("feed", "search"));
    List<String> lines = new ArrayList<>(List.of(SmallShop.COLUMNS + ",visit"));
    for (int k = 0; k < 3000; k++) {
      // Six rows of one user follow each other; every seventh visit has no number.
      String row = "u" + k / 6 + shop.rows().get(k).substring(shop.rows().get(k).indexOf(','));
      lines.add(row + "," + (k / 6 % 7 == 0 ? "" : "v" + k / 6));
    }
    Files.write(folder.resolve("raw/inter.csv"), lines);
    String yaml = Files.readString(shop.experiment());
    Files.writeString(
        shop.experiment(),
        yaml.replace("time: time\n", "time: time\n  group: visit\n")
            + "evaluation: {cutoffs: [2]}\n");
    experiment = Experiment.fromYaml(shop.experiment(), SmallShop.PLAIN);
    experiment.prepare(false, Progress.NONE);
    experiment.train("one", Progress.NONE);
    predictions = folder.resolve("predictions.arrow");
    report = experiment.evaluate("one", Split.TEST, predictions, Progress.NONE);
  }

  private record Row(String label, double probability) {}

  @Test
  void areRankedAsThePredictionsSay() throws IOException {
    List<String> visits = BundleTest.texts(predictions, "group_key");
    List<String> labels = BundleTest.texts(predictions, "label");
    float[] probability = BundleTest.floats(predictions, "probability");
    Map<String, List<Row>> groups = new TreeMap<>();
    for (int i = 0; i < probability.length; i++) {
      if (!visits.get(i).equals("null")) {
        groups
            .computeIfAbsent(visits.get(i), visit -> new ArrayList<>())
            .add(new Row(labels.get(i), probability[i]));
      }
    }
    groups.values().removeIf(rows -> rows.stream().noneMatch(row -> row.label().equals("1")));
    double mrr = 0;
    double hits = 0;
    for (List<Row> rows : groups.values()) {
      rows.sort(Comparator.comparingDouble(Row::probability).reversed());
      int first = rows.stream().map(Row::label).toList().indexOf("1");
      mrr += 1.0 / (first + 1) / groups.size();
      hits += first < 2 ? 1.0 / groups.size() : 0;
    }

    RankingResult ranking = report.ranking();
    RankingMetrics overall = ranking.overall();
    assertThat(overall.groups()).isEqualTo(groups.size()).isGreaterThan(50);
    assertThat(overall.mrr()).isCloseTo(mrr, within(1e-12));
    assertThat(overall.first().get(0).k()).isEqualTo(2);
    assertThat(overall.first().get(0).hitRate()).isCloseTo(hits, within(1e-12));
    assertThat(ranking.scenarios()).hasSize(2).allSatisfy(s -> assertThat(s.groups()).isPositive());
  }

  @Test
  void areInTheReport() {
    assertThat(new RunReport(experiment, "one").page().html())
        .contains("NDCG@2", "HR@2", "group AUC", "id=\"ranking\"");
  }
}
