package org.llm4msr.serving.publishing;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.MetricTable;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.text.TextTable;

/**
 * The quality of a version, beside that of the one before.
 *
 * @param now metrics of the new version
 * @param before those of the version before on the same rows; null if there is none
 * @param change of the LogLoss, in nats: the new one's minus that before; 0 if there is none
 * @param standardError of that change, from the differences of the rows
 * @param calibrationChange of the LogLoss by the new calibration, in nats
 */
public record TrialResult(
    EvaluationResult now,
    @Nullable EvaluationResult before,
    double change,
    double standardError,
    double calibrationChange) {

  /** Less is the rounding of float32. */
  private static final double LEAST = 1e-6;

  /** Returns whether the LogLoss is larger than that of the version before. */
  public boolean isWorse() {
    return change > LEAST;
  }

  /** Returns whether the calibration is worse than the one that the bundle came with. */
  public boolean isCalibrationWorse() {
    return calibrationChange > LEAST;
  }

  /** Returns a table of the scenarios and all rows. */
  String text() {
    List<List<String>> rows = new ArrayList<>();
    for (int s = 0; s < now.scenarios().size(); s++) {
      Metrics old = before == null ? null : before.scenarios().get(s);
      rows.add(row(now.scenarios().get(s), old));
    }
    rows.add(row(now.overall(), before == null ? null : before.overall()));
    return TextTable.of(
        List.of(
            "scenario",
            ">rows",
            ">AUC before",
            ">now",
            ">LogLoss before",
            ">now",
            ">clicks",
            ">predicted before",
            ">now"),
        rows);
  }

  private static List<String> row(Metrics now, @Nullable Metrics before) {
    return List.of(
        now.name(),
        String.format(Locale.ROOT, "%,d", now.rows()),
        before == null ? "-" : MetricTable.number(before.auc()),
        MetricTable.number(now.auc()),
        before == null ? "-" : MetricTable.number(before.logLoss()),
        MetricTable.number(now.logLoss()),
        MetricTable.number(now.value("meanLabel")),
        before == null ? "-" : MetricTable.number(before.value("meanPrediction")),
        MetricTable.number(now.value("meanPrediction")));
  }
}
