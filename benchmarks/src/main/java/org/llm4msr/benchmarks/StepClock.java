package org.llm4msr.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.runtime.batch.Batch;

/** Runs steps in this process over prepared batches, in turn, and times each. */
final class StepClock {

  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  /** One training step. */
  interface Step {
    void run(Batch batch, long number);
  }

  private final List<Batch> batches;
  private final Step step;
  private long done;

  StepClock(List<Batch> batches, Step step) {
    this.batches = batches;
    this.step = step;
  }

  List<StepTime> time(int steps) {
    List<StepTime> times = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      Batch batch = batches.get((int) (done % batches.size()));
      long processor = SYSTEM.getProcessCpuTime();
      long start = System.nanoTime();
      step.run(batch, done++);
      times.add(
          new StepTime(
              (System.nanoTime() - start) / 1e6, (SYSTEM.getProcessCpuTime() - processor) / 1e6));
    }
    return times;
  }
}
