package org.llm4msr.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.plugins.backbones.MmoeConfig;
import org.llm4msr.plugins.backbones.MmoeFactory;
import org.llm4msr.plugins.fusion.HierarchicalConfig;
import org.llm4msr.plugins.fusion.HierarchicalFactory;
import org.llm4msr.plugins.fusion.MlpMetaConfig;
import org.llm4msr.plugins.fusion.MlpMetaFactory;
import org.llm4msr.plugins.fusion.NoneConfig;
import org.llm4msr.plugins.fusion.NoneFactory;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.config.MetaNetworkConfig;
import org.llm4msr.runtime.config.MetaNetworksConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.OptimizerConfig;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.config.ScheduleConfig;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.data.Batch;
import org.llm4msr.runtime.data.BatchSource;
import org.llm4msr.runtime.data.TrainingOrder;
import org.llm4msr.runtime.knowledge.KnowledgeSource;
import org.llm4msr.runtime.training.KnowledgeInputs;
import org.llm4msr.runtime.training.ModelAssembly;
import org.llm4msr.runtime.training.TensorEngine;
import org.llm4msr.runtime.training.TrainableModel;
import org.llm4msr.runtime.training.TrainingStep;

/**
 * Times one training step: batch 4096, 12 fields of 16, MMoE with 4 experts 128-64, 3 towers.
 *
 * <pre>
 * djl ROWS       ours (lazy Adam) against DJL's embedding and Adam, both in this run
 * dense ROWS     ours, lazy against exact dense Adam
 * enhanced USERS HIDDEN   the hierarchical head (K = 384) against none
 * </pre>
 *
 * <p>Steps of the two alternate in rounds, and medians are compared, so that other load on the
 * machine falls on both; processor time, which other load moves less, stands beside wall time. Run
 * with the launcher's environment: {@code OMP_WAIT_POLICY=PASSIVE} and the {@code MALLOC_}
 * settings.
 */
public final class TrainingStepBenchmark {

  private static final int BATCH = 4096;
  private static final int FIELDS = 12;
  private static final int DIMENSION = 16;
  private static final int K = 384;
  private static final int ROUNDS = 6;
  private static final int STEPS = Integer.getInteger("steps", 10);
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private TrainingStepBenchmark() {}

  /** Runs what the first argument names. */
  public static void main(String[] args) {
    String what = args.length > 0 ? args[0] : "djl";
    int size = args.length > 1 ? Integer.parseInt(args[1]) : 100_000;
    String engineName = System.getProperty("engine", "PyTorch");
    try (TensorEngine engine =
        TensorEngine.open(
            new RuntimeConfig(engineName, "cpu", Integer.getInteger("threads", 2), "1GB", 0))) {
      switch (what) {
        case "djl" -> againstDjl(engine, size / FIELDS);
        case "dense" -> lazyAgainstDense(engine, size / FIELDS);
        case "enhanced" ->
            enhancedAgainstPlain(engine, size, args.length > 2 ? Integer.parseInt(args[2]) : 64);
        default -> throw new IllegalArgumentException(what);
      }
    }
  }

  /** One step; returns nothing of use. */
  private interface Step {
    void run(Batch batch, long number);
  }

  private static void againstDjl(TensorEngine engine, int rowsPerField) {
    RandomData data = new RandomData(FIELDS, rowsPerField, 100_000, 3);
    try (TrainableModel model = model(engine, data, true, none(), null)) {
      TrainingStep ours = step(model, data, true);
      engine.call(
          () -> {
            try (DjlStep djl =
                new DjlStep(
                    engine.engine(),
                    new MmoeFactory(),
                    mmoe(),
                    model.shape(),
                    rowsPerField,
                    DIMENSION)) {
              compare(data, "ours", ours, (b, n) -> ours.run(b, n, 0.001), "djl", djl::run, null);
            }
            return 0;
          });
    }
  }

  private static void lazyAgainstDense(TensorEngine engine, int rowsPerField) {
    RandomData data = new RandomData(FIELDS, rowsPerField, 100_000, 3);
    try (TrainableModel lazyModel = model(engine, data, true, none(), null);
        TrainableModel denseModel = model(engine, data, false, none(), null)) {
      TrainingStep lazy = step(lazyModel, data, true);
      TrainingStep dense = step(denseModel, data, false);
      engine.call(
          () -> {
            compare(
                data,
                "lazy",
                lazy,
                (b, n) -> lazy.run(b, n, 0.001),
                "dense",
                (b, n) -> dense.run(b, n, 0.001),
                dense);
            return 0;
          });
    }
  }

  private static void enhancedAgainstPlain(TensorEngine engine, int users, int hidden) {
    RandomData data = new RandomData(FIELDS, 100_000 / FIELDS, users, 3);
    KnowledgeInputs knowledge = new KnowledgeInputs(vectors(), vectors(), Missing.MEAN);
    PluginChoice<FusionHeadFactory<?>> hierarchical =
        new PluginChoice<>(
            "hierarchical", new HierarchicalFactory(), new HierarchicalConfig(0.5, false));
    try (TrainableModel plainModel = model(engine, data, true, none(), null);
        TrainableModel enhancedModel = model(engine, data, true, hierarchical, knowledge, hidden)) {
      TrainingStep plain = step(plainModel, data, true);
      TrainingStep enhanced = step(enhancedModel, data, true);
      engine.call(
          () -> {
            compare(
                data,
                "plain",
                plain,
                (b, n) -> plain.run(b, n, 0.001),
                "enhanced",
                (b, n) -> enhanced.run(b, n, 0.001),
                enhanced);
            return 0;
          });
    }
  }

  private static void compare(
      RandomData data,
      String firstName,
      TrainingStep firstStep,
      Step first,
      String secondName,
      Step second,
      @Nullable TrainingStep secondStep) {
    Sample a = new Sample(ROUNDS * STEPS);
    Sample b = new Sample(ROUNDS * STEPS);
    try (BatchSource source = data.training(new TrainingOrder(BATCH, 1, 7, 0, 0))) {
      Batch batch = source.newBatch();
      time(source, batch, first, new Sample(STEPS), 0, 0);
      time(source, batch, second, new Sample(STEPS), 0, 0);
      firstStep.times().reset();
      if (secondStep != null) {
        secondStep.times().reset();
      }
      for (int round = 0; round < ROUNDS; round++) {
        time(source, batch, first, a, round * STEPS, round + 1);
        time(source, batch, second, b, round * STEPS, round + 1);
      }
    }
    System.out.printf(
        "%s %.1f ms, %s %.1f ms a step (median of %d): ratio %.2f%n",
        firstName,
        median(a.millis),
        secondName,
        median(b.millis),
        a.millis.length,
        median(b.millis) / median(a.millis));
    System.out.printf(
        "processor time: %s %.1f ms, %s %.1f ms: ratio %.2f%n",
        firstName,
        mean(a.cpuMillis),
        secondName,
        mean(b.cpuMillis),
        mean(b.cpuMillis) / mean(a.cpuMillis));
    System.out.println(firstName + ": " + firstStep.times());
    if (secondStep != null) {
      System.out.println(secondName + ": " + secondStep.times());
    }
  }

  private static void time(
      BatchSource source, Batch batch, Step step, Sample sample, int at, int round) {
    for (int i = 0; i < STEPS; i++) {
      source.next(batch);
      long cpu = SYSTEM.getProcessCpuTime();
      long start = System.nanoTime();
      step.run(batch, (long) round * STEPS + i);
      sample.millis[at + i] = (System.nanoTime() - start) / 1e6;
      sample.cpuMillis[at + i] = (SYSTEM.getProcessCpuTime() - cpu) / 1e6;
    }
  }

  /** Wall time and processor time of all threads, a step. */
  private static final class Sample {
    final double[] millis;
    final double[] cpuMillis;

    Sample(int steps) {
      millis = new double[steps];
      cpuMillis = new double[steps];
    }
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElse(0);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static PluginChoice<FusionHeadFactory<?>> none() {
    return new PluginChoice<>("none", new NoneFactory(), new NoneConfig());
  }

  private static MmoeConfig mmoe() {
    return new MmoeConfig(4, List.of(128, 64), List.of(64), Activation.RELU, 0, false, false);
  }

  private static TrainableModel model(
      TensorEngine engine,
      RandomData data,
      boolean lazy,
      PluginChoice<FusionHeadFactory<?>> head,
      @Nullable KnowledgeInputs knowledge) {
    return model(engine, data, lazy, head, knowledge, 64);
  }

  private static TrainableModel model(
      TensorEngine engine,
      RandomData data,
      boolean lazy,
      PluginChoice<FusionHeadFactory<?>> head,
      @Nullable KnowledgeInputs knowledge,
      int generatorHidden) {
    MetaNetworkConfig meta =
        new MetaNetworkConfig(
            new PluginChoice<>(
                "mlp", new MlpMetaFactory(), new MlpMetaConfig(generatorHidden, 0.1)),
            List.of(64),
            Activation.RELU,
            Activation.NONE);
    ModelConfig config =
        new ModelConfig(
            DIMENSION,
            DIMENSION,
            new PluginChoice<>("mmoe", new MmoeFactory(), mmoe()),
            head,
            new MetaNetworksConfig(meta, meta));
    return ModelAssembly.assemble(engine, config, training(lazy), data, knowledge);
  }

  private static TrainingStep step(TrainableModel model, RandomData data, boolean lazy) {
    return new TrainingStep(model, training(lazy), data.manifest().scenarios());
  }

  private static TrainingConfig training(boolean lazy) {
    return new TrainingConfig(
        1,
        BATCH,
        new OptimizerConfig(OptimizerConfig.Rule.ADAM, 0.001, 0.9, 0.999, 1e-8, lazy, 1e-5, 1e-5),
        new ScheduleConfig(0, ScheduleConfig.Decay.NONE, 0),
        null,
        1,
        Map.of(),
        0,
        0,
        1_000_000,
        7);
  }

  private static KnowledgeSource vectors() {
    return new KnowledgeSource() {
      @Override
      public int dimension() {
        return K;
      }

      @Override
      public boolean read(String key, float[] target) {
        SplittableRandom random = new SplittableRandom(key.hashCode());
        for (int d = 0; d < K; d++) {
          target[d] = (float) random.nextGaussian();
        }
        return true;
      }
    };
  }
}
