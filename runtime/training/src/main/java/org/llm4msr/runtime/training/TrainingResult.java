package org.llm4msr.runtime.training;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The result of training. The model holds the state of the best step.
 *
 * @param steps training steps done
 * @param bestStep steps done when the validation AUC was best; the last if no validation had an AUC
 * @param best the validation of that step, null where there is no validation part
 * @param history all validations, in order: the best in full, of the others only the metrics over
 *     all scenarios; {@code metrics.jsonl} has the rest
 * @param epochs those that the settings allow
 * @param stoppedEarly whether patience ran out
 * @param seconds training time of this process, validation included
 * @param rowsPerSecond trained rows a second of this process, validation left out
 */
public record TrainingResult(
    long steps,
    long bestStep,
    @Nullable Validation best,
    List<Validation> history,
    int epochs,
    boolean stoppedEarly,
    double seconds,
    double rowsPerSecond) {

  public TrainingResult {
    history = List.copyOf(history);
  }

  /** Returns whether the last of all epochs ended with the best validation. */
  @JsonProperty
  public boolean stillImproving() {
    return best != null && bestStep == steps && !stoppedEarly;
  }

  /** Returns what to do about {@link #stillImproving}. */
  public static String raiseEpochs(int epochs) {
    return "Still improving: raise training.epochs (now %,d).".formatted(epochs);
  }
}
