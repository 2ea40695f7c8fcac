package org.llm4msr.runtime.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How far a run is: the content of {@code checkpoints/state.json}.
 *
 * @param formatVersion version of the checkpoints' format
 * @param key identifies model, settings and data; with another key it is another run
 * @param step training steps done
 * @param epoch epoch of the next step, from 0
 * @param batch batches of that epoch done
 * @param last folder of this state
 * @param best folder of the best state, null before the first validation
 * @param bestStep its step
 * @param bestAuc its validation AUC
 * @param sinceBest validations since then
 * @param history all validations, the best in full and the others in short
 * @param finished whether the run is over
 * @param losses sums of the losses that are in no line of the metrics yet
 */
record RunState(
    int formatVersion,
    String key,
    long step,
    int epoch,
    long batch,
    String last,
    @Nullable String best,
    long bestStep,
    double bestAuc,
    int sinceBest,
    List<Validation> history,
    boolean finished,
    LossSums losses) {

  static final int FORMAT_VERSION = 2;

  RunState {
    history = List.copyOf(history);
    losses = Objects.requireNonNullElse(losses, LossSums.NONE);
  }

  static RunState start(String key) {
    return new RunState(
        FORMAT_VERSION,
        key,
        0,
        0,
        0,
        "",
        null,
        0,
        Double.NEGATIVE_INFINITY,
        0,
        List.of(),
        false,
        LossSums.NONE);
  }

  /** Returns the state after one more step. */
  RunState stepped(long batchesAnEpoch, float loss) {
    boolean epochEnds = batch + 1 == batchesAnEpoch;
    return new RunState(
        formatVersion,
        key,
        step + 1,
        epochEnds ? epoch + 1 : epoch,
        epochEnds ? 0 : batch + 1,
        last,
        best,
        bestStep,
        bestAuc,
        sinceBest,
        history,
        finished,
        losses.plus(loss));
  }

  /** Returns the state after a metrics line on the last steps. */
  RunState logged() {
    return new RunState(
        formatVersion,
        key,
        step,
        epoch,
        batch,
        last,
        best,
        bestStep,
        bestAuc,
        sinceBest,
        history,
        finished,
        losses.afterLog());
  }

  /** Returns the state with one more validation; one without an AUC does not count for patience. */
  RunState validated(Validation validation, double auc) {
    boolean better = auc > bestAuc;
    List<Validation> longer =
        new ArrayList<>(better ? history.stream().map(Validation::inShort).toList() : history);
    longer.add(better ? validation : validation.inShort());
    return new RunState(
        formatVersion,
        key,
        step,
        epoch,
        batch,
        last,
        better ? folder() : best,
        better ? step : bestStep,
        better ? auc : bestAuc,
        better ? 0 : Double.isNaN(auc) ? sinceBest : sinceBest + 1,
        longer,
        finished,
        LossSums.NONE);
  }

  /** Returns the state as saved in its folder. */
  RunState saved(boolean over) {
    return new RunState(
        formatVersion,
        key,
        step,
        epoch,
        batch,
        folder(),
        best,
        bestStep,
        bestAuc,
        sinceBest,
        history,
        over,
        losses);
  }

  /** Returns the name of the folder of this step. */
  String folder() {
    return String.format(Locale.ROOT, "step-%08d", step);
  }
}
