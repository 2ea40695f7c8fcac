package org.llm4msr.runtime.experiment;

import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.util.StdConverter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.LabelMetrics;
import org.llm4msr.runtime.evaluation.LabelMetricsTable;
import org.llm4msr.runtime.evaluation.MetricTable;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.RankingResult;
import org.llm4msr.runtime.evaluation.RankingTable;
import org.llm4msr.runtime.evaluation.SlicedMetrics;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.text.TextTable;

/**
 * The result of an evaluation.
 *
 * @param run the run folder
 * @param split the part that was evaluated
 * @param scenarioNames names of the scenarios, by rank
 * @param result the metrics of what the bundle scores: calibrated probabilities
 * @param uncalibrated the metrics before calibration; null where there is none
 * @param slices the metrics of the slices that {@code evaluation.slices} names
 * @param ranking metrics of the groups of rows; null if the data has no groups
 * @param finished whether training of the run is over; otherwise this is its best state so far
 * @param leakFutureInteractions whether the model was trained with prompts that reveal validation
 *     and test rows, so that the metrics do not measure it
 * @param readsLaterParts whether rows read earlier events of validation and test
 */
public record EvaluationReport(
    @JsonDeserialize(converter = AsWritten.class) Path run,
    String split,
    List<String> scenarioNames,
    EvaluationResult result,
    @Nullable EvaluationResult uncalibrated,
    List<SlicedMetrics> slices,
    @Nullable RankingResult ranking,
    boolean finished,
    boolean leakFutureInteractions,
    boolean readsLaterParts) {

  /** Jackson would read a path with a colon as a URI. */
  static final class AsWritten extends StdConverter<String, Path> {
    @Override
    public Path convert(String text) {
      return Path.of(text);
    }
  }

  public EvaluationReport {
    scenarioNames = List.copyOf(scenarioNames);
    // Files of earlier versions have none.
    slices = slices == null ? List.of() : List.copyOf(slices);
  }

  /**
   * Returns this with the metrics of a label in place of those of the main one. Of further labels,
   * there are no calibration bins and no ranking.
   *
   * @param name {@code label} for the main one
   * @throws MsrException {@code evaluation/NO_LABEL} if it was not measured
   */
  public EvaluationReport ofLabel(String name) {
    if (name.equals(RawSchema.LABEL)) {
      return this;
    }
    LabelMetrics label =
        result.labels().stream()
            .filter(metrics -> metrics.label().equals(name))
            .findFirst()
            .orElseThrow(() -> noLabel(name));
    return new EvaluationReport(
        run,
        split,
        scenarioNames,
        new EvaluationResult(label.overall(), label.scenarios(), List.of()),
        null,
        label.slices(),
        null,
        finished,
        leakFutureInteractions,
        readsLaterParts);
  }

  /**
   * Returns tables of scenarios, further labels, groups and slices.
   *
   * @param metrics those that are shown
   */
  public String text(MetricList metrics) {
    MetricTable table = MetricTable.brief(metrics);
    LabelMetricsTable ofLabels = new LabelMetricsTable(metrics);
    List<List<String>> rows = new ArrayList<>();
    for (int rank = 0; rank < result.scenarios().size(); rank++) {
      rows.add(table.row(result.scenarios().get(rank), scenarioNames.get(rank)));
    }
    rows.add(table.row(result.overall(), Metrics.OVERALL));
    StringBuilder tables = new StringBuilder(TextTable.of(table.headings("scenario"), rows));
    if (uncalibrated != null) {
      tables.append(uncalibrated(Metrics.OVERALL, uncalibrated.overall(), metrics));
    }
    List<LabelMetrics> labels = result.labels();
    if (!labels.isEmpty()) {
      List<List<String>> further = ofLabels.rows(labels, scenarioNames);
      tables.append('\n').append(TextTable.of(ofLabels.headings("scenario"), further));
      labels.forEach(label -> tables.append(uncalibrated(label.label(), metrics)));
    }
    if (ranking != null) {
      List<List<String>> groups = RankingTable.rows(ranking, scenarioNames);
      tables.append('\n').append(TextTable.of(RankingTable.headings(ranking), groups));
    }
    for (SlicedMetrics sliced : slices) {
      List<List<String>> own =
          sliced.slices().stream().map(slice -> table.row(slice, slice.name())).toList();
      tables.append('\n').append(TextTable.of(table.headings(sliced.title()), own));
      List<List<String>> further = ofLabels.slices(labels, sliced.name());
      if (!further.isEmpty()) {
        List<String> headings = ofLabels.headings(sliced.title());
        tables.append('\n').append(TextTable.of(headings, further));
      }
    }
    tables
        .append("%nGAUC covers the rows of users with both labels. ".formatted())
        .append(
            "ECE: distance between mean prediction and share of positives over bins; 0 is best.");
    String marked = Notice.HISTORY.appendedTo(tables.toString(), readsLaterParts);
    return Notice.LEAK.appendedTo(marked, leakFutureInteractions);
  }

  /** Evaluations of earlier versions have none of further labels. */
  private String uncalibrated(String label, MetricList metrics) {
    return uncalibrated == null
        ? ""
        : uncalibrated.labels().stream()
            .filter(measured -> measured.label().equals(label))
            .map(measured -> uncalibrated(label, measured.overall(), metrics))
            .collect(Collectors.joining());
  }

  /** Calibration moves the scenarios against each other, and with it what is measured over all. */
  private static String uncalibrated(String what, Metrics before, MetricList metrics) {
    return metrics.metrics().stream()
        .map(metric -> metric.title() + " " + MetricTable.number(before.value(metric.name())))
        .collect(Collectors.joining(", ", "%n%s before calibration: ".formatted(what), ""));
  }

  private MsrException noLabel(String name) {
    return new MsrException(
        ErrorType.USER,
        "evaluation/NO_LABEL",
        "%s has no metrics of the label '%s', but of label, the main one, and %s. Evaluate the run again, or choose another label."
            .formatted(run, name, result.labels().stream().map(LabelMetrics::label).toList()));
  }

  /** Returns this with other metrics of all rows, scenarios and slices. */
  public EvaluationReport with(EvaluationResult measured, List<SlicedMetrics> others) {
    return new EvaluationReport(
        run,
        split,
        scenarioNames,
        measured,
        uncalibrated,
        others,
        ranking,
        finished,
        leakFutureInteractions,
        readsLaterParts);
  }

  /**
   * Returns names by rank: a name that several scenarios, or a scenario and all rows together,
   * share is followed by the key.
   */
  static List<String> titles(List<PreparedScenario> scenarios) {
    List<String> names = scenarios.stream().map(PreparedScenario::name).toList();
    return scenarios.stream()
        .map(
            scenario ->
                Collections.frequency(names, scenario.name()) > 1
                        || scenario.name().equals(Metrics.OVERALL)
                    ? scenario.name() + " (" + scenario.key() + ")"
                    : scenario.name())
        .toList();
  }
}
