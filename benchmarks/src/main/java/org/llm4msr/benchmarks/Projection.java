package org.llm4msr.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import org.hipparchus.stat.descriptive.rank.Median;
import org.llm4msr.benchmarks.cluster.Loopback;
import org.llm4msr.benchmarks.cluster.ProjectedStep;
import org.llm4msr.benchmarks.cluster.ProjectedStep.Network;
import org.llm4msr.benchmarks.cluster.StandIn;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.engine.TensorEngine;

/**
 * Projects the time of a training step with N workers, T(N), and that of preparing and scoring. No
 * cluster is measured: a step is computed here as one of N workers does, with B / N rows; the ring
 * is measured on loopback; and the network is a formula.
 *
 * <pre>
 * plain                                     MMoE, 12 fields of 16, as TrainingStepBenchmark has it
 * enhanced USERS K HIDDEN FIELDS RANK       with the hierarchical head
 * rows NAME ROWS RATE [SERIAL]              ROWS rows, at RATE rows a second of a worker; SERIAL
 *                                           seconds that do not get less
 * </pre>
 *
 * <p>{@code benchmarks/run Projection ...} starts it. {@code -Dbatch} (B, 4096), {@code -Dthreads}
 * (of a worker, 2), {@code -Drounds} (12 of four steps) and {@code -Dmicroseconds} (latency that a
 * network adds to loopback's, 50) change it.
 */
public final class Projection {

  private static final int[] WORKERS = {1, 2, 4, 8, 16, 32, 64};
  private static final double[] GIGABITS = {1, 10};
  private static final int BATCHES = 4;
  private static final int ROUNDS = Integer.getInteger("rounds", 12);
  private static final int ROWS = 100_000;
  private static final int FIELDS = 12;
  private static final int USERS = 100_000;
  private static final int SCENARIOS = 3;
  private static final double ADDED = Integer.getInteger("microseconds", 50) / 1e6;
  private static final PrintStream OUT = System.out;

  private Projection() {}

  /** Projects what the arguments name. */
  public static void main(String[] args) throws IOException {
    OUT.println("A projection from measured parts, not a measurement of a cluster.");
    switch (args[0]) {
      case "plain" -> steps(Setup.plain(new RandomData(FIELDS, ROWS / FIELDS, USERS, SCENARIOS)));
      case "enhanced" -> {
        int fields = Integer.parseInt(args[4]);
        steps(
            Setup.enhanced(
                new RandomData(fields, ROWS / fields, Integer.parseInt(args[1]), SCENARIOS),
                new Setup.Knowledge(
                    Integer.parseInt(args[2]),
                    Integer.parseInt(args[3]),
                    Integer.parseInt(args[5]))));
      }
      case "rows" ->
          rows(
              args[1],
              Double.parseDouble(args[2]),
              Double.parseDouble(args[3]),
              args.length > 4 ? Double.parseDouble(args[4]) : 0);
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  private static void rows(String name, double rows, double rate, double serial) {
    for (int workers : WORKERS) {
      double seconds = serial + rows / rate / workers;
      print(
          "%s, %,.0f rows, %d workers: %,.0f s, %,.0f rows/s%n",
          name, rows, workers, seconds, rows / seconds);
    }
  }

  private static void steps(Setup setup) throws IOException {
    int threads = Integer.getInteger("threads", 2);
    Network loopback = Loopback.measure();
    print(
        "loopback: %.0f us a message, %.2f GB/s; a network adds %.0f us%n",
        loopback.latency() * 1e6, loopback.rate() / 1e9, ADDED * 1e6);
    print(
        "%s; B = %,d, %d threads a worker; T(N) in ms, rows/s, share of N times one%n",
        Processor.name(), Setup.BATCH, threads);
    print("   N  compute   MB sent    1 Gbit/s                      10 Gbit/s%n");
    List<Batch> batches = setup.data().batches(BATCHES);
    try (TensorEngine engine =
        TensorEngine.open(new RuntimeConfig("PyTorch", "cpu", threads, "1GB", 0, false))) {
      double one = 0;
      for (int workers : WORKERS) {
        ProjectedStep step = step(engine, setup, workers, batches);
        one = workers == 1 ? step.compute() : one;
        print(
            "%4d %8.1f %9.3f  %s    %s%n",
            workers,
            step.compute() * 1e3,
            step.bytes() / 1e6,
            at(step, GIGABITS[0], loopback, one),
            at(step, GIGABITS[1], loopback, one));
      }
    }
  }

  private static ProjectedStep step(
      TensorEngine engine, Setup setup, int workers, List<Batch> batches) {
    try (OurStep ours = new OurStep("%d workers".formatted(workers), engine, setup, batches)) {
      return workers == 1 ? alone(ours) : together(ours, workers, batches);
    }
  }

  private static ProjectedStep alone(OurStep ours) {
    ours.time(2 * BATCHES);
    List<StepTime> times = ours.time(ROUNDS * BATCHES);
    double wall = new Median().evaluate(times.stream().mapToDouble(StepTime::wall).toArray());
    return new ProjectedStep(1, wall / 1e3, ours.denseParameters() * Float.BYTES, 0);
  }

  private static ProjectedStep together(OurStep ours, int workers, List<Batch> batches) {
    StandIn all = new StandIn(workers);
    ours.workIn(all);
    for (int batch = 0; batch < BATCHES; batch++) {
      for (int rank = 0; rank < workers; rank++) {
        all.record(rank, batch);
        ours.run(batches.get(batch));
      }
    }
    double[] seconds = new double[ROUNDS * BATCHES];
    double[] bytes = new double[seconds.length];
    for (int n = -BATCHES; n < seconds.length; n++) {
      int batch = Math.floorMod(n, BATCHES);
      all.replay(batch);
      long start = System.nanoTime();
      ours.run(batches.get(batch));
      if (n >= 0) {
        seconds[n] = (System.nanoTime() - start) / 1e9;
        bytes[n] = all.sent();
      }
    }
    return new ProjectedStep(
        workers,
        new Median().evaluate(seconds),
        ours.denseParameters() * Float.BYTES,
        Math.round(new Median().evaluate(bytes)));
  }

  private static String at(ProjectedStep step, double gigabits, Network loopback, double one) {
    double wire = gigabits * 1e9 / Byte.SIZE;
    double seconds =
        step.seconds(new Network(loopback.latency() + ADDED, Math.min(wire, loopback.rate())));
    return String.format(
        Locale.ROOT,
        "%8.1f %,11.0f %5.2f",
        seconds * 1e3,
        Setup.BATCH / seconds,
        one / seconds / step.workers());
  }

  private static void print(String format, Object... values) {
    OUT.printf(Locale.ROOT, format, values);
  }
}
