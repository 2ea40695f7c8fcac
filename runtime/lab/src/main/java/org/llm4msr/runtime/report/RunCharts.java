package org.llm4msr.runtime.report;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.llm4msr.runtime.evaluation.MetricTable;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.RankingResult;
import org.llm4msr.runtime.evaluation.RankingTable;
import org.llm4msr.runtime.evaluation.metric.CalibrationBin;
import org.llm4msr.runtime.evaluation.metric.Metric;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.StageCost;
import org.llm4msr.runtime.report.BarChart.Bar;
import org.llm4msr.runtime.report.LineChart.Point;
import org.llm4msr.runtime.report.LineChart.Series;

/** The charts and tables of one run. */
final class RunCharts {

  static final String STEP = "training step";

  /** More lines than this hide each other. */
  private static final int MOST_LINES = 8;

  private final List<JsonNode> steps;
  private final List<JsonNode> validations;
  private final RunFiles files;

  RunCharts(RunFiles files) {
    this.files = files;
    List<JsonNode> lines = files.metrics();
    steps = of(lines, "step");
    validations = of(lines, "validation");
  }

  private static List<JsonNode> of(List<JsonNode> lines, String type) {
    return lines.stream().filter(line -> line.path("type").asText().equals(type)).toList();
  }

  private static Series series(String name, List<JsonNode> lines, ToDoubleFunction<JsonNode> y) {
    return new Series(
        name,
        lines.stream()
            .map(line -> new Point(line.path("step").asDouble(), y.applyAsDouble(line)))
            .toList());
  }

  private static ToDoubleFunction<JsonNode> at(String pointer) {
    return line -> line.at(pointer).asDouble(Double.NaN);
  }

  /** Loss, AUC and the monitored metric while the model learns. */
  String curves(Metric monitor) {
    boolean few = steps.size() < 2; // Such as those of a run below 100 steps.
    List<Series> loss =
        List.of(
            series("training loss", few ? validations : steps, at("/loss")),
            validation("validation LogLoss", "logLoss"));
    String html =
        new LineChart("curve-loss", "Loss", STEP, "loss, nats per row", loss).svg()
            + new LineChart("curve-auc", "AUC of the validation part", STEP, "AUC", aucs()).svg()
            + monitored(monitor);
    Series rate = series("learning rate", steps, at("/learningRate"));
    return few
        ? html
        : html
            + new LineChart("curve-rate", "Learning rate", STEP, "learning rate", List.of(rate))
                .svg();
  }

  /** Returns a metric of the validation part over training. */
  Series validation(String name, String metric) {
    return series(name, validations, at("/validation/overall/" + metric));
  }

  /** Losses and AUC have charts of their own. */
  private String monitored(Metric monitor) {
    return Set.of("auc", "logLoss").contains(monitor.name())
        ? ""
        : new LineChart(
                "curve-monitor",
                monitor.title() + " of the validation part",
                STEP,
                monitor.unit().isEmpty()
                    ? monitor.title()
                    : monitor.title() + ", " + monitor.unit(),
                List.of(validation(monitor.title(), monitor.name())))
            .svg();
  }

  private List<Series> aucs() {
    List<Series> auc = new ArrayList<>();
    auc.add(validation(Metrics.OVERALL, "auc"));
    if (!validations.isEmpty()) {
      JsonNode scenarios = validations.get(0).at("/validation/scenarios");
      for (int i = 0; i < scenarios.size() && scenarios.size() < MOST_LINES; i++) {
        String pointer = "/validation/scenarios/" + i + "/auc";
        auc.add(series(scenarios.get(i).path("name").asText(), validations, at(pointer)));
      }
    }
    return auc;
  }

  /** Watched parameters, over training. */
  String watched() {
    List<Series> lines = watched("");
    String title =
        lines.size() == 1 ? "Watched parameter: " + lines.get(0).name() : "Watched parameters";
    return new LineChart("curve-watched", title, STEP, "value", lines).svg();
  }

  /**
   * Returns a line for each watched parameter.
   *
   * @param prefix of their names
   */
  List<Series> watched(String prefix) {
    List<JsonNode> lines =
        Stream.concat(steps.stream(), validations.stream())
            .sorted(Comparator.comparingLong(line -> line.path("step").asLong()))
            .toList();
    Set<String> names = new TreeSet<>();
    lines.forEach(line -> line.path("parameters").fieldNames().forEachRemaining(names::add));
    return names.stream()
        .map(
            name ->
                series(
                    prefix + name,
                    lines,
                    line -> line.path("parameters").path(name).asDouble(Double.NaN)))
        .toList();
  }

  /** Returns the table of the groups; empty if there are none. */
  static String ranking(EvaluationReport report) {
    RankingResult ranking = report.ranking();
    return ranking == null
        ? ""
        : Html.note("On the %s part:".formatted(report.split()))
            + Html.table(
                RankingTable.headings(ranking), RankingTable.rows(ranking, report.scenarioNames()));
  }

  static Metrics metrics(EvaluationReport report, int column) {
    List<Metrics> scenarios = report.result().scenarios();
    return column < scenarios.size() ? scenarios.get(column) : report.result().overall();
  }

  static String name(EvaluationReport report, int column) {
    List<String> names = report.scenarioNames();
    return column < names.size() ? names.get(column) : Metrics.OVERALL;
  }

  /** Returns the bar of a scenario, or of all rows, if the report has it. */
  static Optional<Bar> bar(String name, EvaluationReport report, String scenario) {
    int rank =
        scenario.equals(Metrics.OVERALL)
            ? report.result().scenarios().size()
            : report.scenarioNames().indexOf(scenario);
    return rank < 0 ? Optional.empty() : Optional.of(bar(name, metrics(report, rank)));
  }

  static Bar bar(String name, Metrics metrics) {
    AucInterval interval = AucInterval.of(metrics);
    return new Bar(
        name, metrics.auc(), interval.low(), interval.high(), MetricTable.number(metrics.auc()));
  }

  /** Predicted against observed share of positives. */
  static String calibration(EvaluationReport report) {
    return calibration(
        "calibration-" + report.split(),
        "Calibration on the " + report.split() + " part, all scenarios",
        List.of(observed("observed", List.of(report))));
  }

  /** Returns the share of positives in each bin of predictions, of all rows of some evaluations. */
  static Series observed(String name, List<EvaluationReport> reports) {
    Map<Integer, List<CalibrationBin>> bins =
        reports.stream()
            .flatMap(report -> report.result().calibration().stream())
            .collect(groupingBy(CalibrationBin::number, TreeMap::new, toList()));
    return new Series(name, bins.values().stream().map(RunCharts::pooled).toList());
  }

  private static Point pooled(List<CalibrationBin> bins) {
    double rows = bins.stream().mapToDouble(CalibrationBin::rows).sum();
    return new Point(
        bins.stream().mapToDouble(bin -> bin.rows() * bin.meanPrediction()).sum() / rows,
        bins.stream().mapToDouble(bin -> bin.rows() * bin.meanLabel()).sum() / rows);
  }

  /** Returns a chart of shares of positives, with the line of perfect calibration. */
  static String calibration(String id, String title, List<Series> observed) {
    double high =
        observed.stream()
            .flatMap(line -> line.points().stream())
            .mapToDouble(point -> Math.max(point.x(), point.y()))
            .max()
            .orElse(0);
    if (high == 0) {
      return "";
    }
    List<Series> series = new ArrayList<>(observed);
    series.add(new Series("perfect", List.of(new Point(0, 0), new Point(high, high))));
    String x = "mean predicted probability of a bin";
    return new LineChart(id, title, x, "share of positives", series).svg();
  }

  /** A stage with all its calls. */
  private record Stage(String name, int calls, double seconds, double peakMebibytes) {}

  private List<Stage> stages() {
    List<StageCost> costs = files.costs();
    List<Stage> stages = new ArrayList<>();
    for (String name : StageCost.STAGES) {
      List<StageCost> own = costs.stream().filter(cost -> cost.stage().equals(name)).toList();
      if (!own.isEmpty()) {
        double peak =
            own.stream()
                .map(StageCost::peakBytes)
                .filter(Objects::nonNull)
                .mapToDouble(bytes -> bytes / (double) (1 << 20))
                .max()
                .orElse(Double.NaN);
        double seconds = own.stream().mapToDouble(StageCost::seconds).sum();
        stages.add(new Stage(name, own.size(), seconds, peak));
      }
    }
    return stages;
  }

  /** Returns stage, calls, seconds and peak memory of each. */
  List<List<String>> costRows() {
    return stages().stream()
        .map(
            stage ->
                List.of(
                    stage.name(),
                    String.valueOf(stage.calls()),
                    String.format(Locale.ROOT, "%,.1f", stage.seconds()),
                    mebibytes(stage)))
        .toList();
  }

  private static String mebibytes(Stage stage) {
    double peak = stage.peakMebibytes();
    return Double.isNaN(peak) ? "-" : String.format(Locale.ROOT, "%,.0f", peak);
  }

  /** Time and memory of each stage. */
  String costs() {
    List<Bar> seconds = new ArrayList<>();
    List<Bar> memory = new ArrayList<>();
    for (Stage stage : stages()) {
      String name =
          stage.calls() == 1 ? stage.name() : "%s, %d calls".formatted(stage.name(), stage.calls());
      String time = String.format(Locale.ROOT, "%,.1f s", stage.seconds());
      seconds.add(Bar.of(name, stage.seconds(), time));
      memory.add(Bar.of(name, stage.peakMebibytes(), mebibytes(stage) + " MiB"));
    }
    if (seconds.isEmpty()) {
      return "";
    }
    return new BarChart("stage-time", "Time of each stage, all calls", "seconds", 0, seconds).svg()
        + new BarChart("stage-memory", "Peak resident memory of each stage", "MiB", 0, memory).svg()
        + Html.note(
            "Preparation and extraction were done for all runs of the workspace. Runs that read no"
                + " knowledge are without extraction.");
  }

  /** What else determined the result, as a table. */
  static String provenance(JsonNode provenance) {
    List<List<String>> rows = new ArrayList<>();
    provenance
        .properties()
        .forEach(
            field -> {
              JsonNode value = field.getValue();
              String text = value.isValueNode() ? value.asText() : value.toString();
              rows.add(List.of(field.getKey(), text));
            });
    return rows.isEmpty() ? "" : Html.table(List.of("what", "value"), rows);
  }
}
