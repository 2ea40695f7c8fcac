package org.llm4msr.runtime.training;

import com.fasterxml.jackson.annotation.JsonAlias;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.evaluation.metric.Metric.Direction;

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
 * @param bestValue its value of the monitored metric; older files know AUC alone
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
    @JsonAlias("bestAuc") double bestValue,
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
        FORMAT_VERSION, key, 0, 0, 0, "", null, 0, Double.NaN, 0, List.of(), false, LossSums.NONE);
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
        bestValue,
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
        bestValue,
        sinceBest,
        history,
        finished,
        losses.afterLog());
  }

  /**
   * Returns the state with one more validation; one without a value does not count for patience.
   */
  RunState validated(Validation validation, double value, Direction direction) {
    boolean better = best == null ? !Double.isNaN(value) : direction.isBetter(value, bestValue);
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
        better ? value : bestValue,
        better ? 0 : Double.isNaN(value) ? sinceBest : sinceBest + 1,
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
        bestValue,
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
