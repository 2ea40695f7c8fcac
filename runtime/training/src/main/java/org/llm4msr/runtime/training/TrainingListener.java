package org.llm4msr.runtime.training;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Hears of a run while it is trained. {@link Trainer#listen} takes listeners, and so do the options
 * of an experiment's training.
 *
 * <p>Order: {@link #started} comes first. After a step come {@link #rowsTrained}, {@link #step},
 * {@link #epochEnded}, {@link #validated}, {@link #saving} and {@link #saved}, each where it is
 * due. {@link #ended} is the last call, and always comes. Several listeners hear in the order in
 * which they were given, after the metrics of the run were written and before its checkpoint is. A
 * run that is finished already says nothing; one that is resumed says again what came after its
 * last checkpoint.
 *
 * <p>Training waits for a call to return: calls come one at a time from the engine's thread, where
 * neither this model nor another may be used. To end training, request it of the trainer or
 * experiment. All that is passed is immutable and may be kept.
 *
 * <p>An exception ends training with {@code training/LISTENER_FAILED}, which names the class of the
 * listener. The last checkpoint stays as it is, and training can be resumed from there.
 */
public interface TrainingListener {

  /**
   * Training begins or is resumed.
   *
   * @param step steps that earlier calls trained
   * @param rows rows that they trained
   */
  default void started(long step, long rows) {}

  /**
   * A step is done. The only call of every step: what it costs is added to each.
   *
   * @param done rows of all epochs so far, those of earlier calls included
   * @param total rows of all epochs; patience may end training before
   */
  default void rowsTrained(long done, long total) {}

  /** Another 50 steps are done, counted from the first of the run. */
  default void step(Step step) {}

  /**
   * The last step of an epoch is done.
   *
   * @param epoch from 0
   */
  default void epochEnded(int epoch) {}

  /** The validation part was evaluated. */
  default void validated(Validated validated) {}

  /**
   * A checkpoint is about to be written. A resumed run begins after this step: what a listener
   * keeps of the steps before must be safe when it returns.
   *
   * @param step steps done
   */
  default void saving(long step) {}

  /**
   * A checkpoint is written and counts.
   *
   * @param step steps done
   */
  default void saved(long step) {}

  /** Training ends, in whichever way: the place to close what was opened. */
  default void ended(Ending ending) {}

  /**
   * What {@code metrics.jsonl} has of a step.
   *
   * @param step steps done
   * @param epoch epoch of the step, from 0
   * @param loss mean of the last 50 steps
   * @param losses what models added to the loss in the last step, by name
   * @param gradientNorm of the last step, NaN unless gradients are clipped
   * @param learningRate of the last step
   * @param rowsPerSecond since the last such call or checkpoint
   * @param watched values of parameters that the model watches, by name
   */
  record Step(
      long step,
      int epoch,
      double loss,
      Map<String, Float> losses,
      double gradientNorm,
      double learningRate,
      double rowsPerSecond,
      Map<String, Float> watched) {

    public Step {
      losses = sorted(losses);
      watched = sorted(watched);
    }
  }

  /**
   * What {@code metrics.jsonl} has of a validation.
   *
   * @param validation step and metrics
   * @param rowsPerSecond trained rows a second of this process, validation left out
   * @param watched values of parameters that the model watches, by name
   */
  record Validated(Validation validation, double rowsPerSecond, Map<String, Float> watched) {

    public Validated {
      watched = sorted(watched);
    }
  }

  /**
   * How a call of training ended.
   *
   * @param step steps done
   * @param reason what failed; null unless something did
   */
  record Ending(Outcome outcome, long step, @Nullable Throwable reason) {}

  /** Ways to end. */
  enum Outcome {
    /** All epochs are trained, or patience ran out. */
    FINISHED,
    /** It was asked to stop, and wrote a checkpoint. */
    STOPPED,
    /** Something failed; the last checkpoint is from before. */
    FAILED
  }

  private static Map<String, Float> sorted(Map<String, Float> values) {
    return Collections.unmodifiableMap(new TreeMap<>(values));
  }
}
