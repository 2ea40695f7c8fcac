package org.llm4msr.runtime.training;

import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.batch.Batch;

/**
 * Times the first steps of a model and, where training will be long, a few steps of a plain model
 * on the last of their batches. For one call of training.
 */
final class SpeedCheck {

  /** A model is slow if its steps take so many times those of a plain one. */
  static final int SLOWER = 3;

  /** Training that is shorter is not slow. */
  private static final double MOST_SECONDS = 120;

  private static final double NANOS = 1e9;
  private static final int WARM_UP = 5;
  private static final int STEPS = 10;

  /** Time after which fewer steps are enough. */
  private static final double ENOUGH_SECONDS = 1;

  private final Supplier<TrainableModel> plain;
  private final TrainingStep step;
  private final Consumer<SlowTraining> slow;
  private final Clock warmUp = new Clock(WARM_UP);
  private final Clock measured = new Clock(STEPS);
  private boolean done;

  SpeedCheck(Supplier<TrainableModel> plain, TrainingStep step, Consumer<SlowTraining> slow) {
    this.plain = plain;
    this.step = step;
    this.slow = slow;
  }

  /** Steps and their time, until there are enough of either. */
  private static final class Clock {

    private final int mostSteps;
    private int steps;
    private long rows;
    private double seconds;

    Clock(int mostSteps) {
      this.mostSteps = mostSteps;
    }

    void add(Batch batch, long nanos) {
      steps++;
      rows += batch.size;
      seconds += nanos / NANOS;
    }

    boolean isOver() {
      return steps >= mostSteps || seconds >= ENOUGH_SECONDS;
    }

    double rowsPerSecond() {
      return rows / seconds;
    }
  }

  /**
   * Hears of a step of training.
   *
   * @param rowsLeft rows of all steps to come
   */
  void stepped(Batch batch, long nanos, long rowsLeft) {
    if (done) {
      return;
    }
    if (!warmUp.isOver()) {
      warmUp.add(batch, nanos);
      return;
    }
    measured.add(batch, nanos);
    if (measured.isOver()) {
      done = true;
      compare(batch, rowsLeft / measured.rowsPerSecond());
    }
  }

  private void compare(Batch batch, double secondsLeft) {
    if (secondsLeft <= MOST_SECONDS) {
      return;
    }
    double plainSpeed = plainRowsPerSecond(batch);
    if (plainSpeed >= SLOWER * measured.rowsPerSecond()) {
      long users = Arrays.stream(batch.user, 0, batch.size).distinct().count();
      slow.accept(
          new SlowTraining(
              measured.rowsPerSecond(), plainSpeed, batch.size, (int) users, secondsLeft));
    }
  }

  /** A plain step moves the rows that the model's own step moves, in the same time. */
  private double plainRowsPerSecond(Batch batch) {
    double ofTables = step.times().millis(StepTimes.Part.TABLES) / 1e3;
    try (TrainableModel model = plain.get()) {
      TrainingStep plainStep = step.of(model);
      Clock first = new Clock(WARM_UP);
      time(plainStep, batch, first);
      Clock steps = new Clock(STEPS);
      time(plainStep, batch, steps);
      return steps.rows / (steps.seconds + steps.steps * ofTables);
    }
  }

  /** Parameters stay as they are, so that no step can diverge. */
  private static void time(TrainingStep plainStep, Batch batch, Clock clock) {
    while (!clock.isOver()) {
      long before = System.nanoTime();
      plainStep.runWithoutTables(batch, clock.steps, 0);
      clock.add(batch, System.nanoTime() - before);
    }
  }
}
