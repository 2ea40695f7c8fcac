package org.llm4msr.runtime.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.evaluation.MetricTable;
import org.llm4msr.runtime.evaluation.metric.Metric;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Notice;
import org.llm4msr.runtime.experiment.Stages;
import org.llm4msr.runtime.explanation.Explanation;
import org.llm4msr.runtime.training.TrainingResult;

/** The page on one run, finished or not: what its folder holds. */
public final class RunReport {

  private final Stages experiment;
  private final String run;
  private final RunFiles files;

  /** Makes a report; nothing is read yet. */
  public RunReport(Stages experiment, String run) {
    this.experiment = experiment;
    this.run = run;
    this.files = new RunFiles(experiment.workspace().run(run));
  }

  /** Returns the file of the page unless another one is named. */
  public Path file() {
    return files.folder().resolve(Page.FILE);
  }

  /**
   * Returns the page.
   *
   * @throws MsrException {@code report/NO_RUN} if there is no such run
   */
  public Page page() {
    if (!Files.exists(files.folder().resolve("metrics.jsonl"))) {
      throw new MsrException(
          ErrorType.USER,
          "report/NO_RUN",
          "There is no run %s in %s. Run `llm4msr train %s --run %s` first."
              .formatted(run, files.folder().getParent(), experiment.config().shellWord(), run));
    }
    return page(neighbours(), data());
  }

  /** Returns the page, using only files of the run folder: empty before training begins. */
  Page soFar() {
    return page("", List.of());
  }

  private Page page(String neighbours, List<Section> data) {
    RunCharts charts = new RunCharts(files);
    EvaluationTables tables = new EvaluationTables(experiment.metrics());
    List<EvaluationReport> evaluations = files.evaluations();
    JsonNode provenance = files.json("provenance.json");
    List<Section> sections = new ArrayList<>();
    sections.add(new Section("summary", "Summary", summary(evaluations)));
    sections.add(new Section("curves", "Learning curves", charts.curves(monitor())));
    JsonNode result = files.json("training.json").path("result");
    sections.add(new Section("labels", "Labels in training", LabelTable.html(result)));
    String auc = tables.explained(joined(evaluations, tables::auc));
    sections.add(new Section("auc", "AUC per scenario", auc));
    sections.add(new Section("further", "Further labels", joined(evaluations, tables::labels)));
    sections.add(new Section("ranking", "Ranking", joined(evaluations, RunCharts::ranking)));
    String slices = tables.explained(joined(evaluations, tables::slices));
    sections.add(new Section("slices", "Slices", slices));
    sections.add(
        new Section("calibration", "Calibration", joined(evaluations, RunCharts::calibration)));
    sections.add(new Section("watched", "Watched parameters over training", charts.watched()));
    sections.add(
        new Section(
            "knowledge", "Knowledge store", KnowledgeTable.html(provenance.path("knowledge"))));
    sections.add(new Section("neighbours", "Nearest scenarios in knowledge space", neighbours));
    Explanation explanation = files.explanation();
    sections.add(
        new Section(
            "explanation",
            "Knowledge and scores",
            explanation == null ? "" : new ExplanationSection(explanation).html()));
    sections.addAll(data);
    sections.add(new Section("stages", "Time and memory", charts.costs()));
    sections.add(new Section("configuration", "Configuration", pre(files.text("config.yaml"))));
    sections.add(new Section("provenance", "Provenance", RunCharts.provenance(provenance)));
    boolean leaks = provenance.path("leakFutureInteractions").asBoolean();
    boolean later =
        provenance.path("readsLaterParts").asBoolean()
            || evaluations.stream().anyMatch(EvaluationReport::readsLaterParts);
    return new Page("Run " + run, Notice.texts(leaks, later), sections);
  }

  private interface Picture {
    String of(EvaluationReport report);
  }

  private static String joined(List<EvaluationReport> evaluations, Picture picture) {
    StringBuilder html = new StringBuilder();
    evaluations.forEach(evaluation -> html.append(picture.of(evaluation)));
    return html.toString();
  }

  private String neighbours() {
    if (!experiment.readsKnowledge()) {
      return "";
    }
    try {
      return Neighbours.table(experiment.scenarioNeighbours(run, Neighbours.COUNT));
    } catch (MsrException e) {
      return Html.note(e.text());
    }
  }

  /** The section on the inspected data; nothing if it was not inspected or has changed since. */
  private List<Section> data() {
    try {
      PreparedSummary inspection = experiment.inspection();
      return inspection == null ? List.of() : List.of(DataReport.section(inspection));
    } catch (MsrException e) {
      return List.of(); // The page is on the run; its data may be gone.
    }
  }

  private String summary(List<EvaluationReport> evaluations) {
    JsonNode result = files.json("training.json").path("result");
    List<List<String>> rows = new ArrayList<>();
    if (result.isObject()) {
      rows.add(List.of("steps", count(result.path("steps").asLong())));
      rows.add(List.of("best step", count(result.path("bestStep").asLong())));
      double value = result.at("/best/result/overall/" + monitor().name()).asDouble(Double.NaN);
      if (!Double.isNaN(value)) {
        String figure = "validation %s at the best step".formatted(monitor().title());
        rows.add(List.of(figure, MetricTable.number(value)));
      }
    } else {
      rows.add(List.of("training", "not finished"));
    }
    for (EvaluationReport evaluation : evaluations) {
      rows.add(
          List.of(
              evaluation.split() + " AUC",
              MetricTable.number(evaluation.result().overall().auc())));
    }
    String table = Html.table(List.of("figure", ">value"), rows);
    String advice =
        TrainingResult.advice(
            result.path("atChance").asBoolean(),
            result.path("stillImproving").asBoolean(),
            result.path("epochs").asInt());
    return advice.isEmpty() ? table : table + Html.note(advice);
  }

  private Metric monitor() {
    return experiment
        .metrics()
        .required(experiment.config().config().training().monitor(), MetricList.MONITOR);
  }

  private static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  private static String pre(String text) {
    return text.isEmpty() ? "" : Html.pre(text);
  }
}
