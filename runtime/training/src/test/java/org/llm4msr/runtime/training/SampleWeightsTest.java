package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.LossConfig;
import org.llm4msr.runtime.config.OptimizerConfig.Rule;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.training.loss.BatchLoss;
import org.llm4msr.runtime.training.loss.LossText;

class SampleWeightsTest {

  private static final long DAY = 86_400_000;

  private static final List<MemoryData.Row> ROWS =
      List.of(
          new MemoryData.Row(0, 1, 1, 0, new int[0], 1),
          new MemoryData.Row(0, 2, 2, 0, new int[0], 0),
          new MemoryData.Row(2, 3, 3, 0, new int[0], 1),
          new MemoryData.Row(2, 4, 4, 0, new int[0], 0));

  private static TrainingConfig config(Double halfLifeDays, Map<String, Double> scenarios) {
    return TinyModels.training(
        TinyModels.optimizer(Rule.SGD, 0.1),
        1,
        4,
        0,
        0,
        scenarios,
        halfLifeDays,
        LossConfig.CROSS_ENTROPY);
  }

  private static TrainingConfig config(Double halfLifeDays) {
    return config(halfLifeDays, Map.of());
  }

  private static Batch batch(MemoryData data) {
    try (BatchSource source = data.sequential(Split.TRAIN, 4)) {
      Batch batch = source.newBatch();
      assertThat(source.next(batch)).isTrue();
      return batch;
    }
  }

  private static MemoryData weighing(float... weights) {
    List<MemoryData.Row> rows = new ArrayList<>();
    for (int i = 0; i < weights.length; i++) {
      rows.add(ROWS.get(i).weighing(weights[i]));
    }
    return MemoryData.of(rows);
  }

  /** The rows 10, 5, 2.5 and 0 days before the last. */
  private static List<MemoryData.Row> dated() {
    long last = 1_700_000_000_000L;
    return List.of(
        ROWS.get(0).at(last - 10 * DAY),
        ROWS.get(1).at(last - 5 * DAY),
        ROWS.get(2).at(last - 5 * DAY / 2),
        ROWS.get(3).at(last));
  }

  @Test
  void areNoneWhereAllRowsCountAlike() {
    MemoryData data = MemoryData.of(ROWS);

    assertThat(new SampleWeights(config(null), data).of(batch(data))).isNull();
  }

  @Test
  void halveWithEachHalfLifeBeforeTheLastTrainingRow() {
    MemoryData data = MemoryData.of(dated());

    float[] weights = new SampleWeights(config(5.0), data).of(batch(data));

    assertThat(weights)
        .containsExactly(new float[] {0.25f, 0.5f, (float) Math.sqrt(0.5), 1}, within(1e-7f));
  }

  @Test
  void ofRowsAndOfTheirTimeAreMultiplied() {
    List<MemoryData.Row> rows = new ArrayList<>(dated());
    rows.replaceAll(row -> row.weighing(3));
    MemoryData data = MemoryData.of(rows);

    assertThat(new SampleWeights(config(5.0), data).of(batch(data)))
        .containsExactly(new float[] {0.75f, 1.5f, 3 * (float) Math.sqrt(0.5), 3}, within(1e-6f));
  }

  @Test
  void countLabelsByWeightAndScenario() {
    MemoryData data = weighing(3, 1, 1, 0);
    TrainingConfig config = config(null, Map.of("s2", 10.0));
    BatchLoss loss = new BatchLoss(config, data.manifest().scenarios());

    List<TrainingResult.Labels> labels =
        new SampleWeights(config, data).labels(loss, ModelLabels.NONE).get(0);

    assertThat(labels)
        .containsExactly(
            new TrainingResult.Labels("s0", 2, 1, 4, 3),
            new TrainingResult.Labels("s1", 0, 0, 0, 0),
            new TrainingResult.Labels("s2", 2, 1, 10, 10));
    TrainingResult.Labels all = TrainingResult.Labels.sum("all", labels);
    assertThat(all.share()).isEqualTo(0.5);
    assertThat(all.weightedShare()).isCloseTo(13 / 14.0, within(1e-12));
  }

  @Test
  void theLossIsToldWithWhatRowsCount() {
    assertThat(LossText.of(config(null))).isEqualTo("cross-entropy");
    assertThat(LossText.of(config(5.0, Map.of("s2", 10.0, "s0", 1.0))))
        .isEqualTo("cross-entropy; scenario s2 times 10; half after 5 days");
  }

  @Test
  void ofAgeNeedTimes() {
    refused(MemoryData.of(ROWS), config(5.0), "NO_TIME", ErrorType.USER, "the data has no time");
    List<MemoryData.Row> rows = new ArrayList<>(dated());
    rows.set(1, ROWS.get(1));
    refused(
        MemoryData.of(rows),
        config(5.0),
        "NO_TIME",
        ErrorType.USER,
        "training.halfLifeDays is 5.0, which needs the time of each row, but 1 rows of the training part have none");
  }

  @Test
  void areNotAllZero() {
    refused(
        weighing(0, 0, 0, 0),
        config(null),
        "NO_WEIGHT",
        ErrorType.DATA,
        "All rows of the training part have the weight 0");
  }

  private static void refused(
      MemoryData data, TrainingConfig config, String code, ErrorType type, String text) {
    SampleWeights weights = new SampleWeights(config, data);
    Batch batch = batch(data);
    assertThatThrownBy(() -> weights.of(batch))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[training/" + code + "]")
        .hasMessageContaining(text)
        .extracting(e -> ((MsrException) e).type())
        .isEqualTo(type);
  }
}
