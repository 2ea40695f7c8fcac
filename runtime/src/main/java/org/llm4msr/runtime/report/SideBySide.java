package org.llm4msr.runtime.report;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.llm4msr.runtime.EvaluationReport;
import org.llm4msr.runtime.report.BarChart.Bar;
import org.llm4msr.runtime.report.LineChart.Series;

/** Charts of several models, each with its first run, in the colours of their order. */
public final class SideBySide {

  private final String id;
  private final String part;
  private final List<Run> runs;

  /**
   * Makes charts.
   *
   * @param id ends the ids of the charts
   * @param part that the runs were measured on
   */
  public SideBySide(String id, String part, List<Run> runs) {
    this.id = id;
    this.part = part;
    this.runs = List.copyOf(runs);
  }

  /**
   * A run.
   *
   * @param name of its model
   */
  public record Run(String name, Path folder) {

    private RunFiles files() {
      return new RunFiles(folder);
    }
  }

  /** Returns the validation AUC over training. */
  public String auc(String title) {
    List<Series> series =
        runs.stream().map(run -> new RunCharts(run.files()).auc(run.name())).toList();
    return new LineChart("curve-auc-" + id, title, RunCharts.STEP, "AUC", series).svg();
  }

  /** Returns what parameters named alpha were over training; empty where no model has any. */
  public String alpha(String title) {
    List<Series> series =
        runs.stream()
            .flatMap(run -> new RunCharts(run.files()).alpha(run.name() + ", ").stream())
            .toList();
    return new LineChart("curve-alpha-" + id, title, RunCharts.STEP, "alpha", series).svg();
  }

  /** Returns the share of positives over the probability that was predicted. */
  public String calibration(String title) {
    List<Series> observed =
        runs.stream()
            .flatMap(run -> evaluation(run).map(one -> RunCharts.observed(run.name(), one)))
            .toList();
    return RunCharts.calibration("calibration-" + id, title, observed);
  }

  private Stream<EvaluationReport> evaluation(Run run) {
    return run.files().evaluations().stream().filter(one -> one.split().equals(part));
  }

  /** Returns a bar for the AUC of each run, with the interval that other rows would give. */
  public List<Bar> bars(int column) {
    List<Bar> bars = new ArrayList<>();
    for (Run run : runs) {
      evaluation(run).forEach(one -> bars.add(RunCharts.bar(run.name(), one, column)));
    }
    return bars;
  }

  /** Returns time and memory of the stages of each run. */
  public String costs() {
    List<List<String>> rows = new ArrayList<>();
    for (Run run : runs) {
      for (List<String> row : new RunCharts(run.files()).costRows()) {
        rows.add(Stream.concat(Stream.of(run.name()), row.stream()).toList());
      }
    }
    return rows.isEmpty()
        ? ""
        : Html.table(List.of("model", "stage", ">calls", ">seconds", ">peak, MiB"), rows);
  }

  /** Returns configuration and provenance of each run, folded up. */
  public String configurations() {
    StringBuilder html = new StringBuilder();
    for (int i = 0; i < runs.size(); i++) {
      RunFiles files = runs.get(i).files();
      html.append(
          Html.details(
              "configuration-" + id + "-" + i,
              runs.get(i).name(),
              Html.pre(files.text("config.yaml"))
                  + RunCharts.provenance(files.json("provenance.json"))));
    }
    return html.toString();
  }
}
