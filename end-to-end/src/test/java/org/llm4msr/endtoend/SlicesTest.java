package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.inject.Guice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.compare.ComparisonResult;
import org.llm4msr.runtime.compare.ComparisonResult.Column;
import org.llm4msr.runtime.compare.ComparisonResult.Slices;
import org.llm4msr.runtime.compare.ComparisonView;
import org.llm4msr.runtime.compare.Comparisons;
import org.llm4msr.runtime.compare.LabModule;
import org.llm4msr.runtime.compare.TableWriter;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.SlicedMetrics;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.report.RunReport;

/** Slices of a small shop into whose test part new users and items come. */
class SlicesTest {

  private static final int TRAIN = 2000;
  private static final int TEST = 2500;

  @TempDir static Path folder;

  /** The raw rows, oldest first: user, item, scenario, label and so on. */
  private static final List<String[]> ROWS = new ArrayList<>();

  private static Path file;
  private static float[] probability;
  private static EvaluationReport report;

  @BeforeAll
  static void train() throws IOException {
    SmallShop shop = SmallShop.write(folder, 1, 1000, 3000, 90, List.of("feed", "search"));
    List<String> lines = new ArrayList<>(List.of(SmallShop.COLUMNS));
    for (int k = 0; k < 3000; k++) {
      String[] cells = shop.rows().get(k).split(",", -1);
      if (k >= TEST && k % 4 == 0) {
        cells[1] = "new" + k % 10;
      }
      if (k >= TEST && k % 5 == 0) {
        cells[0] = "new" + k % 30;
      }
      ROWS.add(cells);
      lines.add(String.join(",", cells));
    }
    Files.write(folder.resolve("raw/inter.csv"), lines);
    file = shop.experiment();
    Experiment experiment = Experiment.fromYaml(file, SmallShop.PLAIN);
    experiment.prepare(false, Progress.NONE);
    experiment.train("one", Progress.NONE);
    Path predictions = folder.resolve("predictions.arrow");
    report = experiment.evaluate("one", Split.TEST, predictions, Progress.NONE);
    probability = BundleTest.floats(predictions, "probability");
  }

  private static String slice(int column, String[] row, int many) {
    long rows =
        ROWS.subList(0, TRAIN).stream().filter(seen -> seen[column].equals(row[column])).count();
    return rows == 0 ? "0" : rows < many ? "1-" + (many - 1) : many + "+";
  }

  /** Returns the AUC of each slice by its definition. */
  private static Map<String, Double> auc(Function<String[], String> slice) {
    List<String> slices = ROWS.stream().skip(TEST).map(slice).toList();
    Map<String, double[]> pairs = new TreeMap<>();
    for (int i = TEST; i < 3000; i++) {
      for (int j = TEST; j < 3000; j++) {
        String own = slices.get(i - TEST);
        if (ROWS.get(i)[3].equals("1")
            && ROWS.get(j)[3].equals("0")
            && own.equals(slices.get(j - TEST))) {
          double[] won = pairs.computeIfAbsent(own, key -> new double[2]);
          won[0] += 0.5 * (1 + Math.signum(probability[i - TEST] - probability[j - TEST]));
          won[1]++;
        }
      }
    }
    Map<String, Double> auc = new TreeMap<>();
    pairs.forEach((name, won) -> auc.put(name, won[0] / won[1]));
    return auc;
  }

  @Test
  void haveTheMetricsOfTheirRows() {
    assertThat(report.slices().stream().map(SlicedMetrics::name))
        .containsExactly("item-rows", "user-rows");
    requireSame(report.slices().get(0), auc(row -> slice(1, row, 5)));
    requireSame(report.slices().get(1), auc(row -> slice(0, row, 10)));
    assertThat(report.slices().get(0).slices().get(0).rows()).isGreaterThan(100);
  }

  private static void requireSame(SlicedMetrics sliced, Map<String, Double> expected) {
    assertThat(expected).isNotEmpty();
    for (Metrics slice : sliced.slices()) {
      if (expected.containsKey(slice.name())) {
        assertThat(slice.auc()).isCloseTo(expected.get(slice.name()), within(1e-12));
      } else {
        assertThat(slice.missing("auc")).isNotNull();
      }
    }
    assertThat(sliced.slices().stream().mapToLong(Metrics::rows).sum()).isEqualTo(500);
  }

  @Test
  void areInTheReport() {
    String page = new RunReport(Experiment.fromYaml(file, SmallShop.PLAIN), "one").page().html();

    assertThat(page)
        .contains("training rows of the item, test part")
        .contains(String.format(Locale.ROOT, "%.4f", report.slices().get(0).slices().get(0).auc()));
  }

  @Test
  void areComparedAsScenariosAre() throws IOException {
    ComparisonResult result = compare("evaluation.slices=[item-rows, user-rows]");

    assertThat(result.slices().stream().map(Slices::name))
        .containsExactly("item-rows", "user-rows");
    Slices items = result.slices().get(0);
    assertThat(items.columns().get(0).rows())
        .isEqualTo(report.slices().get(0).slices().get(0).rows());
    assertThat(items.scores().get(1).get(0).difference().sameRows()).isBetween(0.0, 1.0);
    assertThat(new TableWriter(result).markdown()).contains("AUC by training rows of the user:");
    assertThat(new TableWriter(result).csv().lines().filter(line -> line.contains(",item-rows,0,")))
        .hasSize(2);

    Map<Path, FileTime> measured = evaluations();
    // Slices by the field scenario have the rows of the scenarios; no run is made again.
    requireScenarios(compare("evaluation.slices=[scenario]"));
    assertThat(evaluations()).isEqualTo(measured).hasSize(4);
  }

  private static void requireScenarios(ComparisonResult result) {
    Slices slices = result.slices().get(0);
    List<String> names = result.columns().stream().map(Column::name).toList();
    assertThat(slices.columns().stream().map(Column::name))
        .containsExactlyInAnyOrder("feed", "search");
    for (int column = 0; column < 2; column++) {
      int scenario = names.indexOf(slices.columns().get(column).name());
      assertThat(slices.columns().get(column)).isEqualTo(result.columns().get(scenario));
      for (int model = 0; model < 2; model++) {
        assertThat(slices.scores().get(model).get(column))
            .isEqualTo(result.models().get(model).scores().get(scenario));
      }
    }
    assertThat(slices.scores().get(1).get(0).difference().sameRows()).isNotNull();
  }

  private static ComparisonResult compare(String slices) throws IOException {
    Path grid = folder.resolve("grid.yaml");
    Files.writeString(
        grid,
        """
        experiments: [experiment.yaml]
        backbones: [shared-bottom, mmoe]
        seeds: [1, 2]
        settings: {training.epochs: 1, model.fusion: none}
        """);
    return Guice.createInjector(new LabModule(new RuntimeModule()))
        .getInstance(Comparisons.class)
        .open(grid, List.of(slices))
        .run(Split.TEST, ComparisonView.NONE);
  }

  private static Map<Path, FileTime> evaluations() throws IOException {
    Map<Path, FileTime> times = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder.resolve("work/runs"))) {
      for (Path path : all.filter(path -> path.endsWith("evaluation-test.json")).toList()) {
        if (!path.getParent().endsWith("one")) {
          times.put(path, Files.getLastModifiedTime(path));
        }
      }
    }
    return times;
  }
}
