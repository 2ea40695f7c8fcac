package org.llm4msr.runtime.training;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.evaluation.Metrics;

/**
 * The result of training. The model holds the state of the best step.
 *
 * @param steps training steps done
 * @param bestStep steps done when the monitored metric was best; the last if no validation had it
 * @param best the validation of that step, null where there is no validation part
 * @param history all validations, in order: the best in full, of the others only the metrics over
 *     all scenarios; {@code metrics.jsonl} has the rest
 * @param epochs those that the settings allow
 * @param stoppedEarly whether patience ran out
 * @param seconds training time of this process, validation included
 * @param rowsPerSecond trained rows a second of this process, validation left out
 * @param labels of the training part, by scenario in the order of the ranks
 * @param furtherLabels those that the model learns beside the main one
 * @param loss what the settings make of the loss of a row, in words
 */
public record TrainingResult(
    long steps,
    long bestStep,
    @Nullable Validation best,
    List<Validation> history,
    int epochs,
    boolean stoppedEarly,
    double seconds,
    double rowsPerSecond,
    List<Labels> labels,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<FurtherLabel> furtherLabels,
    String loss) {

  public TrainingResult {
    history = List.copyOf(history);
    labels = List.copyOf(labels);
    furtherLabels = List.copyOf(furtherLabels);
  }

  /**
   * A label that the model learns beside the main one.
   *
   * @param label its name
   * @param scenarios the training rows that know it, by scenario in the order of the ranks
   */
  public record FurtherLabel(String label, List<Labels> scenarios) {

    public FurtherLabel {
      scenarios = List.copyOf(scenarios);
    }
  }

  /**
   * How the labels of a scenario are divided, by rows and by what they count in the loss.
   *
   * @param weight sum of the weights of the rows, each times the factors of its scenario and label
   * @param positiveWeight that of the positives
   */
  public record Labels(
      String scenario, long rows, long positives, double weight, double positiveWeight) {

    /** Returns the sums of several scenarios under a name. */
    public static Labels sum(String name, List<Labels> all) {
      return new Labels(
          name,
          all.stream().mapToLong(Labels::rows).sum(),
          all.stream().mapToLong(Labels::positives).sum(),
          all.stream().mapToDouble(Labels::weight).sum(),
          all.stream().mapToDouble(Labels::positiveWeight).sum());
    }

    /** Returns positives by rows, NaN without rows. */
    public double share() {
      return positives / (double) rows;
    }

    /** Returns the share of positives by weight, NaN where nothing counts. */
    public double weightedShare() {
      return positiveWeight / weight;
    }
  }

  /** Returns whether the last of all epochs ended with the best validation. */
  @JsonProperty
  public boolean stillImproving() {
    return best != null && bestStep == steps && !stoppedEarly;
  }

  /**
   * Returns whether the best AUC is at most two standard errors above that of chance, as Mann and
   * Whitney give them for rows of both labels.
   */
  @JsonProperty
  public boolean atChance() {
    if (best == null) {
      return false;
    }
    Metrics all = best.result().overall();
    double pairs = (double) all.positives() * (all.rows() - all.positives());
    return all.auc() - .5 <= 2 * Math.sqrt((all.rows() + 1) / (12 * pairs));
  }

  /** Returns what to do about {@link #atChance} or {@link #stillImproving}; nothing if neither. */
  public static String advice(boolean atChance, boolean stillImproving, int epochs) {
    if (atChance) {
      return "The model has learned nothing yet: the validation AUC is that of chance. Try a higher"
          + " training.optimizer.learningRate and a lower training.optimizer.l2Embeddings;"
          + " docs/choosing-features.md has what helped where.";
    }
    return stillImproving
        ? String.format(Locale.ROOT, "Still improving: raise training.epochs (now %,d).", epochs)
        : "";
  }
}
