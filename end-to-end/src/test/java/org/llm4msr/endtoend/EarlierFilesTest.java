package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.knowledge.extraction.ExtractionResult;
import org.llm4msr.runtime.scoring.Scorer;

/**
 * The workspace of a small shop that commit 7b068dee wrote, when the runtime was one module: raw
 * files, prepared data, knowledge, a run and its bundle, with the scores and the metrics that the
 * commit gave for them.
 */
class EarlierFilesTest {

  private static final double TEST_AUC = 0.44726514793766586;
  private static final double BEST_VALIDATION_AUC = 0.4836;

  /** Products of float32 are rounded in another order on other processors. */
  private static final double ROUNDING = 1e-4;

  @TempDir static Path folder;

  @BeforeAll
  static void unpack() throws IOException {
    try (InputStream file =
            EarlierFilesTest.class.getResourceAsStream("written-before-the-modules.zip");
        ZipInputStream zip = new ZipInputStream(file)) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        Path target = folder.resolve(entry.getName());
        if (entry.isDirectory()) {
          Files.createDirectories(target);
        } else {
          Files.createDirectories(target.getParent());
          Files.write(target, zip.readAllBytes());
        }
      }
    }
  }

  /** Since then the default of one setting changed. */
  private static Experiment experiment() {
    return Experiment.fromYaml(
        folder.resolve("experiment.yaml"),
        "model.metaNetworks.user.rank=0",
        "model.metaNetworks.scenario.rank=0");
  }

  @Test
  void preparedDataIsKept() {
    assertThat(experiment().prepare(false, Progress.NONE).reused()).isTrue();
  }

  @Test
  void knowledgeIsKept() {
    ExtractionResult result = experiment().extract(false, Progress.NONE);

    assertThat(result.read()).isZero();
    assertThat(result.stored()).isEqualTo(83);
  }

  @Test
  void aFinishedRunIsFinished() throws IOException {
    Path metrics = folder.resolve("work/runs/default/metrics.jsonl");
    String before = Files.readString(metrics);

    TrainingReport report = experiment().train("default", Progress.NONE);

    assertThat(bestAuc(report)).isCloseTo(BEST_VALIDATION_AUC, within(5e-5));
    assertThat(metrics).hasContent(before);
  }

  private static double bestAuc(TrainingReport report) {
    return report.result().best().result().overall().auc();
  }

  @Test
  void aRunIsEvaluated() {
    double auc =
        experiment().evaluate("default", Split.TEST, null, Progress.NONE).result().overall().auc();

    assertThat(auc).isCloseTo(TEST_AUC, within(ROUNDING));
  }

  @Test
  void anotherRunTrainsOnWhatIsThere() {
    TrainingReport report = experiment().train("again", Progress.NONE);

    assertThat(bestAuc(report)).isCloseTo(BEST_VALIDATION_AUC, within(0.01));
  }

  @Test
  void theBundleScores() throws IOException {
    List<String> expected = Files.readAllLines(folder.resolve("scores.csv"));
    List<String> rows = Files.readAllLines(folder.resolve("rows.csv"));
    String[] columns = rows.get(0).split(",");
    List<Map<String, ?>> maps = new ArrayList<>();
    for (String row : rows.subList(1, rows.size())) {
      maps.add(row(columns, row.split(",", -1)));
    }

    try (Scorer scorer = Scorer.load(folder.resolve("work/runs/default/bundle"))) {
      float[] scores = scorer.score(maps);

      assertThat(scores).hasSize(200);
      for (int i = 0; i < scores.length; i++) {
        String[] values = expected.get(i + 1).split(",");
        assertThat((double) scores[i])
            .as(expected.get(i + 1))
            .isCloseTo(Double.parseDouble(values[values.length - 1]), within(ROUNDING));
      }
    }
  }

  private static Map<String, Object> row(String[] columns, String[] values) {
    Map<String, Object> row = new HashMap<>();
    for (int i = 0; i < columns.length; i++) {
      if (columns[i].equals("tags")) {
        row.put("tags", values[i].isEmpty() ? List.of() : List.of(values[i].split("\\|")));
      } else if (columns[i].equals("price")) {
        row.put("price", values[i].isEmpty() ? null : Double.valueOf(values[i]));
      } else {
        row.put(columns[i], values[i]);
      }
    }
    return row;
  }
}
