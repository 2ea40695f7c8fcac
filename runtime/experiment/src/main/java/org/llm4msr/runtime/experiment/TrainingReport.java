package org.llm4msr.runtime.experiment;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.evaluation.metric.Metric;
import org.llm4msr.runtime.training.TrainingResult;
import org.llm4msr.runtime.training.Validation;
import org.llm4msr.runtime.training.loss.LossText;

/**
 * The result of training.
 *
 * @param run the run folder, with log, metrics and checkpoints
 * @param bundle the trained model, for scoring
 * @param result validations and the best step
 * @param device the device that it trained on: cpu, or gpu:N
 * @param calibration of the bundle's probabilities, which the validations are without
 * @param leakFutureInteractions whether prompts revealed validation and test rows, so that the
 *     validations do not measure the model
 * @param readsLaterParts whether rows read earlier events of validation and test
 * @param monitor the metric that chose the best step
 */
public record TrainingReport(
    Path run,
    Path bundle,
    TrainingResult result,
    String device,
    Calibration calibration,
    boolean leakFutureInteractions,
    boolean readsLaterParts,
    @JsonIgnore Metric monitor) {

  /** Returns the result in words: best step, speed, bundle and balance of labels. */
  public String text() {
    String speed =
        result.rowsPerSecond() == 0
            ? "already trained, nothing left to do"
            : String.format(Locale.ROOT, "%,.0f rows/s on %s", result.rowsPerSecond(), device);
    String advice =
        TrainingResult.advice(result.atChance(), result.stillImproving(), result.epochs());
    String text =
        String.format(
            Locale.ROOT,
            "%s: best at step %,d of %,d%s, %s; %s%s%nbundle: %s",
            run,
            result.bestStep(),
            result.steps(),
            result.stoppedEarly() ? " (stopped early)" : "",
            validation(),
            speed,
            advice.isEmpty() ? "" : System.lineSeparator() + advice,
            bundle);
    String marked = Notice.HISTORY.appendedTo(text + balance(), readsLaterParts);
    return Notice.LEAK.appendedTo(marked, leakFutureInteractions);
  }

  /** Returns the monitored metric of the best step; NaN if it has none. */
  public double validationValue() {
    Validation best = result.best();
    return best == null ? Double.NaN : best.result().overall().value(monitor.name());
  }

  /** Returns the monitored metric of the best step in words, or why there is none. */
  public String validation() {
    double value = validationValue();
    return Double.isNaN(value)
        ? "no validation %s: %s".formatted(monitor.title(), missing())
        : String.format(Locale.ROOT, "validation %s %.4f", monitor.title(), value);
  }

  private String missing() {
    if (monitor.name().equals(TrainingConfig.AUC)) {
      return "it needs rows of both classes";
    }
    List<Validation> all = result.history();
    String reason =
        all.isEmpty() ? null : all.get(all.size() - 1).result().overall().missing(monitor.name());
    return reason == null ? "no rows" : reason;
  }

  private String balance() {
    StringBuilder text = new StringBuilder(balance("", result.labels()));
    result
        .furtherLabels()
        .forEach(label -> text.append(balance(" of " + label.label(), label.scenarios())));
    return result.loss().equals(LossText.PLAIN)
        ? text.toString()
        : text.append("%nloss: ".formatted()).append(result.loss()).toString();
  }

  /**
   * Says how rare positives are, and how much they count if that is not their share of the rows.
   */
  private static String balance(String of, List<TrainingResult.Labels> scenarios) {
    TrainingResult.Labels labels = TrainingResult.Labels.sum("all", scenarios);
    if (labels.rows() == 0) {
      return String.format(Locale.ROOT, "%npositives%s: no training row knows it", of);
    }
    String rows =
        String.format(
            Locale.ROOT,
            "%npositives%s: %.2f %% of %,d training rows",
            of,
            100 * labels.share(),
            labels.rows());
    return Math.abs(labels.share() - labels.weightedShare()) < 5e-5
        ? rows
        : rows
            + String.format(
                Locale.ROOT, ", %.2f %% by weight in the loss", 100 * labels.weightedShare());
  }
}
