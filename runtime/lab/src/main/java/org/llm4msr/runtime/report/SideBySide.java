package org.llm4msr.runtime.report;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.report.BarChart.Bar;
import org.llm4msr.runtime.report.LineChart.Series;

/**
 * Charts of several models in the colours of their order, means over the runs of each. Costs and
 * configurations are those of the first run.
 */
public final class SideBySide {

  private final String id;
  private final String part;
  private final String label;
  private final String metric;
  private final String metricTitle;
  private final List<Model> models;

  /**
   * Makes charts.
   *
   * @param id suffix of the ids of the charts
   * @param part the part that the runs were measured on
   * @param label whose AUC is shown, and whose calibration if it is {@code label}, the main one
   * @param metric whose values over training are shown
   * @param metricTitle its name in texts
   */
  public SideBySide(
      String id, String part, String label, String metric, String metricTitle, List<Model> models) {
    this.id = id;
    this.part = part;
    this.label = label;
    this.metric = metric;
    this.metricTitle = metricTitle;
    this.models = List.copyOf(models);
  }

  /**
   * A model.
   *
   * @param folders of its runs, at least one
   */
  public record Model(String name, List<Path> folders) {

    public Model {
      folders = List.copyOf(folders);
    }

    private Stream<RunFiles> runs() {
      return folders.stream().map(RunFiles::new);
    }

    private RunFiles first() {
      return new RunFiles(folders.get(0));
    }
  }

  /** Returns the metric of the main label on the validation part over training. */
  public String validation(String title) {
    List<Series> series =
        models.stream()
            .map(
                model ->
                    Series.mean(
                        model.name(),
                        model
                            .runs()
                            .map(run -> new RunCharts(run).validation(model.name(), metric))
                            .toList()))
            .toList();
    return new LineChart("curve-auc-" + id, title, RunCharts.STEP, metricTitle, series).svg();
  }

  /** Returns the watched parameters over training; empty if no model has any. */
  public String watched(String title) {
    List<Series> series = models.stream().flatMap(SideBySide::watched).toList();
    return new LineChart("curve-watched-" + id, title, RunCharts.STEP, "value", series).svg();
  }

  private static Stream<Series> watched(Model model) {
    Map<String, List<Series>> byName =
        model
            .runs()
            .flatMap(run -> new RunCharts(run).watched(model.name() + ", ").stream())
            .collect(groupingBy(Series::name, TreeMap::new, toList()));
    return byName.entrySet().stream().map(entry -> Series.mean(entry.getKey(), entry.getValue()));
  }

  /** Returns the share of positives over the predicted probability. */
  public String calibration(String title) {
    List<Series> observed =
        models.stream()
            .map(
                model ->
                    RunCharts.observed(
                        model.name(), model.runs().flatMap(this::evaluation).toList()))
            .toList();
    return RunCharts.calibration("calibration-" + id, title, observed);
  }

  private Stream<EvaluationReport> evaluation(RunFiles run) {
    return run.evaluations().stream()
        .filter(evaluation -> evaluation.split().equals(part))
        .map(evaluation -> evaluation.ofLabel(label));
  }

  /**
   * Returns a bar for the AUC of each model that was measured on a scenario, with the interval due
   * to the choice of rows.
   *
   * @param scenario its name; {@link org.llm4msr.runtime.evaluation.Metrics#OVERALL} for all rows
   */
  public List<Bar> bars(String scenario) {
    List<Bar> bars = new ArrayList<>();
    for (Model model : models) {
      evaluation(model.first())
          .forEach(
              evaluation -> RunCharts.bar(model.name(), evaluation, scenario).ifPresent(bars::add));
    }
    return bars;
  }

  /** Returns time and memory of the stages of each model. */
  public String costs() {
    List<List<String>> rows = new ArrayList<>();
    for (Model model : models) {
      for (List<String> row : new RunCharts(model.first()).costRows()) {
        rows.add(Stream.concat(Stream.of(model.name()), row.stream()).toList());
      }
    }
    return rows.isEmpty()
        ? ""
        : Html.table(List.of("model", "stage", ">calls", ">seconds", ">peak, MiB"), rows);
  }

  /** Returns configuration and provenance of each model, folded up. */
  public String configurations() {
    StringBuilder html = new StringBuilder();
    for (int i = 0; i < models.size(); i++) {
      RunFiles files = models.get(i).first();
      html.append(
          Html.details(
              "configuration-" + id + "-" + i,
              models.get(i).name(),
              Html.pre(files.text("config.yaml"))
                  + RunCharts.provenance(files.json("provenance.json"))));
    }
    return html.toString();
  }
}
