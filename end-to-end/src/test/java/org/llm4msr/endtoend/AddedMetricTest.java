package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.inject.AbstractModule;
import com.google.inject.Guice;
import com.google.inject.Injector;
import com.google.inject.multibindings.Multibinder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.compare.ComparisonResult;
import org.llm4msr.runtime.compare.ComparisonView;
import org.llm4msr.runtime.compare.Comparisons;
import org.llm4msr.runtime.compare.LabModule;
import org.llm4msr.runtime.compare.TableWriter;
import org.llm4msr.runtime.compare.TuningResult;
import org.llm4msr.runtime.compare.TuningResult.Trial;
import org.llm4msr.runtime.compare.TuningWriter;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.metric.DeltaMethod;
import org.llm4msr.runtime.evaluation.metric.Figures;
import org.llm4msr.runtime.evaluation.metric.Metric;
import org.llm4msr.runtime.evaluation.metric.PairedTest;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.report.RunReport;

/** A metric that an embedder's module adds. */
class AddedMetricTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path folder;
  private static Injector injector;
  private static Experiment experiment;
  private static EvaluationReport report;

  private static final class Added extends AbstractModule {
    @Override
    protected void configure() {
      Multibinder.newSetBinder(binder(), Metric.class).addBinding().toInstance(new Accuracy());
    }
  }

  @BeforeAll
  static void train() throws IOException {
    SmallShop shop = SmallShop.write(folder, 1, 600, 1200, 60, List.of("feed", "search"));
    List<String> settings = new ArrayList<>(List.of(SmallShop.PLAIN));
    settings.add("runtime.tensorBoard=true");
    injector = Guice.createInjector(new LabModule(new RuntimeModule()), new Added());
    experiment = injector.getInstance(Experiments.class).open(shop.experiment(), settings);
    experiment.prepare(false, Progress.NONE);
    experiment.train("own", Progress.NONE);
    Path predictions = folder.resolve("predictions.csv");
    report = experiment.evaluate("own", Split.TEST, predictions, Progress.NONE);
  }

  @Test
  void anEvaluationHasItOfAllRowsScenariosAndSlices() throws IOException {
    List<String> lines = Files.readAllLines(folder.resolve("predictions.csv"));
    List<String> header = List.of(lines.get(0).split(","));
    List<String[]> rows = lines.stream().skip(1).map(line -> line.split(",")).toList();
    int label = header.indexOf("label");
    int probability = header.indexOf("probability");
    long right =
        rows.stream()
            .filter(row -> Float.parseFloat(row[probability]) >= .5f == row[label].equals("1"))
            .count();

    assertThat(report.result().overall().value("accuracy"))
        .isCloseTo(right / (double) rows.size(), within(1e-12));
    assertThat(report.result().scenarios()).allMatch(AddedMetricTest::isMeasured);
    assertThat(report.slices()).isNotEmpty();
    assertThat(report.slices().get(0).slices()).anyMatch(AddedMetricTest::isMeasured);
  }

  private static boolean isMeasured(Metrics metrics) {
    return metrics.value("accuracy") > 0;
  }

  @Test
  void filesHaveItByItsName() throws IOException {
    Path run = folder.resolve("work/runs/own");
    JsonNode evaluation = JSON.readTree(run.resolve("evaluation-test.json").toFile());
    assertThat(evaluation.at("/result/overall/accuracy").doubleValue())
        .isEqualTo(report.result().overall().value("accuracy"));
    assertThat(Files.readString(run.resolve("metrics.jsonl"))).contains("\"accuracy\":");
    try (Stream<Path> events = Files.list(run.resolve("tensorboard"))) {
      assertThat(Files.readString(events.findFirst().orElseThrow(), ISO_8859_1))
          .contains("validation/overall/accuracy", "validation/scenarios/feed/accuracy");
    }
  }

  @Test
  void aReportHasItsColumn() {
    assertThat(new RunReport(experiment, "own").page().html())
        .contains(
            "<th>right</th>",
            String.format(
                Locale.ROOT, "<td>%.4f</td>", report.result().overall().value("accuracy")));
  }

  /** Runs that were measured without it are measured again by their predictions. */
  @Test
  void aComparisonHasItAlsoOfEarlierRuns() throws IOException {
    Comparisons without =
        Guice.createInjector(new LabModule(new RuntimeModule())).getInstance(Comparisons.class);
    compare(without, "auc");
    Path runs = folder.resolve("work/runs");
    List<Path> before = list(runs);

    ComparisonResult result = compare(injector.getInstance(Comparisons.class), "accuracy");

    assertThat(list(runs)).isEqualTo(before);
    assertThat(result.models().get(0).scores().get(2).value())
        .isEqualTo(report.result().overall().value("accuracy"));
    assertThat(result.models().get(1).scores().get(2).difference().sameRows()).isBetween(0.0, 1.0);
    assertThat(new TableWriter(result).markdown()).contains("right on the test part, mean of 1");
    assertThat(new TableWriter(result).csv()).contains(",accuracy,", ",pDelta,");
    assertThatThrownBy(() -> compare(without, "accuracy"))
        .hasMessageContaining("The key 'metric' names the metric 'accuracy', which does not exist");
  }

  private static ComparisonResult compare(Comparisons comparisons, String metric)
      throws IOException {
    Path file = folder.resolve(metric + ".yaml");
    Files.writeString(
        file,
        """
        experiments: [experiment.yaml]
        seeds: [0]
        grid: {model.embeddingSize: [4, 8]}
        metric: %s
        """
            .formatted(metric));
    return comparisons.open(file, List.of(SmallShop.PLAIN)).run(Split.TEST, ComparisonView.NONE);
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  @Test
  void aSearchRanksByItsObjective() throws IOException {
    Path file = folder.resolve("search.yaml");
    Files.writeString(
        file,
        """
        experiment: experiment.yaml
        seeds: [0]
        trials: 2
        space: {training.optimizer.learningRate: {values: [0.0001, 0.02]}}
        objective: logLoss
        """);

    TuningResult result =
        injector
            .getInstance(Comparisons.class)
            .openTuning(file, List.of(SmallShop.PLAIN))
            .run(ComparisonView.NONE);

    assertThat(result.trials()).hasSize(3).extracting(Trial::value).isSorted();
    assertThat(new TuningWriter(result).markdown()).contains("| epochs | validation LogLoss |");
  }

  /** The share of rows on whose side of one half the probability is. */
  private static final class Accuracy implements Metric {

    @Override
    public String name() {
      return "accuracy";
    }

    @Override
    public String title() {
      return "right";
    }

    @Override
    public Direction direction() {
      return Direction.HIGHER;
    }

    @Override
    public PairedTest test() {
      return new DeltaMethod(Counts::new);
    }

    @Override
    public State newState() {
      return new Counts();
    }
  }

  private static final class Counts implements Metric.Ratio {
    private long right;
    private long rows;

    @Override
    public void add(float score, boolean positive) {
      right += score >= .5f == positive ? 1 : 0;
      rows++;
    }

    @Override
    public void merge(Metric.State other) {
      right += ((Counts) other).right;
      rows += ((Counts) other).rows;
    }

    @Override
    public double numerator() {
      return right;
    }

    @Override
    public double denominator(Metric.State all) {
      return rows;
    }

    @Override
    public void write(Figures figures) {
      figures.number("accuracy", value());
    }
  }
}
