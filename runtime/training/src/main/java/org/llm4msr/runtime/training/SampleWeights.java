package org.llm4msr.runtime.training;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.training.loss.BatchLoss;

/**
 * How much each row counts in the loss: its weight in the data, times 2^(-(T - t) / h) for a row of
 * time t, the last time T of the training part and the half-life h. Used by one thread.
 */
final class SampleWeights {

  private static final int ROWS = 8192;
  private static final double MILLIS_A_DAY = 8.64e7;

  private final PreparedData data;
  private final boolean ofRows;
  private final @Nullable Double halfLifeDays;
  private long latest;
  private boolean checked;

  SampleWeights(TrainingConfig config, PreparedData data) {
    this.data = data;
    this.ofRows = config.sampleWeights();
    this.halfLifeDays = config.halfLifeDays();
  }

  /**
   * Returns the weights of the rows of a training batch, null where all count 1. The first call
   * that returns some reads times and weights of the training part.
   *
   * @throws MsrException {@code training/NO_TIME} where rows need a time and have none, {@code
   *     training/NO_WEIGHT} where no training row has a weight above 0
   */
  float @Nullable [] of(Batch batch) {
    float @Nullable [] own = ofRows ? batch.weight : null;
    if (own == null && halfLifeDays == null) {
      return null;
    }
    if (!checked) {
      check();
      checked = true;
    }
    float[] weights = new float[batch.size];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) ((own == null ? 1 : own[i]) * ofAge(batch.time[i]));
    }
    return weights;
  }

  /**
   * Counts the labels of the training part, by scenario in the order of the ranks: first the main
   * one, then those that a model learns beside it, over the rows that know them.
   */
  List<List<TrainingResult.Labels>> labels(BatchLoss loss, ModelLabels further) {
    List<String> scenarios = data.manifest().scenarioKeys();
    List<Counts> counts =
        Stream.generate(() -> new Counts(scenarios.size()))
            .limit(1 + further.labels().size())
            .toList();
    try (BatchSource source = data.withoutFields(Split.TRAIN, ROWS)) {
      Batch batch = source.newBatch();
      while (source.next(batch)) {
        float @Nullable [] weights = of(batch);
        counts.get(0).add(batch, batch.label, weights, loss);
        float @Nullable [][] values = batch.labels;
        for (int l = 0; values != null && l < further.labels().size(); l++) {
          float[] known = values[further.labels().get(l).column()];
          counts.get(l + 1).add(batch, known, weights, loss);
        }
      }
    }
    return counts.stream().map(label -> label.result(scenarios)).toList();
  }

  /** The counts of a label, by scenario. */
  private static final class Counts {
    private final long[] rows;
    private final long[] positives;
    private final double[] weight;
    private final double[] positiveWeight;

    Counts(int scenarios) {
      rows = new long[scenarios];
      positives = new long[scenarios];
      weight = new double[scenarios];
      positiveWeight = new double[scenarios];
    }

    void add(Batch batch, float[] label, float @Nullable [] weights, BatchLoss loss) {
      for (int i = 0; i < batch.size; i++) {
        if (!Float.isNaN(label[i])) {
          int s = batch.scenario[i];
          boolean positive = label[i] == 1;
          double own = (weights == null ? 1 : weights[i]) * loss.factor(s, positive);
          rows[s]++;
          positives[s] += positive ? 1 : 0;
          weight[s] += own;
          positiveWeight[s] += positive ? own : 0;
        }
      }
    }

    List<TrainingResult.Labels> result(List<String> scenarios) {
      return IntStream.range(0, scenarios.size())
          .mapToObj(
              s ->
                  new TrainingResult.Labels(
                      scenarios.get(s), rows[s], positives[s], weight[s], positiveWeight[s]))
          .toList();
    }
  }

  private double ofAge(long time) {
    return halfLifeDays == null ? 1 : Math.pow(2, (time - latest) / (halfLifeDays * MILLIS_A_DAY));
  }

  private void check() {
    if (halfLifeDays != null && !data.manifest().time()) {
      throw noTime("the data has no time");
    }
    latest = Long.MIN_VALUE;
    long withoutTime = 0;
    boolean any = false;
    try (BatchSource source = data.withoutFields(Split.TRAIN, ROWS)) {
      Batch batch = source.newBatch();
      while (source.next(batch)) {
        for (int i = 0; i < batch.size; i++) {
          withoutTime += batch.time[i] == Long.MIN_VALUE ? 1 : 0;
          latest = Math.max(latest, batch.time[i]);
          any |= batch.weight == null || !ofRows || batch.weight[i] > 0;
        }
      }
    }
    if (halfLifeDays != null && withoutTime > 0) {
      throw noTime(
          String.format(Locale.ROOT, "%,d rows of the training part have none", withoutTime));
    }
    if (!any) {
      throw new MsrException(
          ErrorType.DATA,
          "training/NO_WEIGHT",
          "All rows of the training part have the weight 0. Prepare data with weights above 0, or set training.sampleWeights to false.");
    }
  }

  private MsrException noTime(String why) {
    return new MsrException(
        ErrorType.USER,
        "training/NO_TIME",
        "training.halfLifeDays is %s, which needs the time of each row, but %s. Remove it, or prepare data with times."
            .formatted(halfLifeDays, why));
  }
}
