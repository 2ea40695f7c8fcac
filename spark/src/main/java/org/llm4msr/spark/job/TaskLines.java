package org.llm4msr.spark.job;

import java.io.PrintStream;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/** Tells once a minute how many tasks of a stage are done. */
public final class TaskLines extends SparkListener {

  private static final long EVERY = TimeUnit.MINUTES.toNanos(1);

  private final PrintStream out;
  private final String job;
  private final LongSupplier clock;
  private final Map<Integer, Integer> tasks = new HashMap<>();
  private final Map<Integer, Integer> done = new HashMap<>();
  private long due;

  /**
   * Makes a listener.
   *
   * @param job begins each line
   * @param clock nanoseconds
   */
  TaskLines(PrintStream out, String job, LongSupplier clock) {
    this.out = out;
    this.job = job;
    this.clock = clock;
    due = clock.getAsLong() + EVERY;
  }

  /** Returns a job that tells how many of its tasks are done while it runs. */
  public static Job during(String name, Job job, PrintStream out) {
    return (session, options) -> {
      session.sparkContext().addSparkListener(new TaskLines(out, name, System::nanoTime));
      return job.run(session, options);
    };
  }

  @Override
  public void onStageSubmitted(SparkListenerStageSubmitted submitted) {
    submitted(submitted.stageInfo().stageId(), submitted.stageInfo().numTasks());
  }

  /** Takes a stage; one that is tried again has the tasks that are left. */
  void submitted(int stage, int count) {
    done.put(stage, tasks.merge(stage, count, Math::max) - count);
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    if (end.taskInfo().successful()) {
      done(end.stageId());
    }
  }

  /** Counts a task of a stage. */
  void done(int stage) {
    int count = done.merge(stage, 1, Integer::sum);
    long now = clock.getAsLong();
    if (now - due >= 0) {
      due = now + EVERY;
      out.println(
          String.format(
              Locale.ROOT,
              "%s: %,d of %,d tasks of stage %d",
              job,
              count,
              tasks.getOrDefault(stage, count),
              stage));
    }
  }
}
