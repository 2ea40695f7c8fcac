package org.llm4msr.serving.publishing;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.Evaluator;

/**
 * Measures a version and the one before on the same rows. Rows that either cannot score are out.
 */
final class Trial implements AutoCloseable {

  private static final double LEAST = 1e-7; // As the metrics clip probabilities.

  private final Map<String, Integer> users = new HashMap<>();
  private final Evaluator now;
  private final @Nullable Evaluator before;
  private long rows;
  private double sum;
  private double squares;
  private double calibration;

  /**
   * Begins without rows.
   *
   * @param keys of the scenarios of the new version
   * @param hasBefore whether there is a version before
   */
  Trial(List<String> keys, boolean hasBefore) {
    now = new Evaluator(keys);
    before = hasBefore ? new Evaluator(keys) : null;
  }

  /**
   * Adds a row.
   *
   * @param rank of its scenario
   * @param probability by the new calibration
   * @param own probability by the one that the bundle came with
   * @param old probability of the version before
   */
  void add(int rank, String key, float label, float probability, float own, float old) {
    if (Float.isNaN(probability) || Float.isNaN(old)) {
      return;
    }
    int[] scenario = {rank};
    int[] user = {users.computeIfAbsent(key, unused -> users.size())};
    float[] labels = {label};
    now.add(1, scenario, user, labels, new float[] {probability});
    rows++;
    calibration += loss(label, probability) - loss(label, own);
    if (before != null) {
      before.add(1, scenario, user, labels, new float[] {old});
      double change = loss(label, probability) - loss(label, old);
      sum += change;
      squares += change * change;
    }
  }

  private static double loss(float label, float probability) {
    double p = Math.min(1 - LEAST, Math.max(LEAST, probability));
    return -Math.log(label == 1 ? p : 1 - p);
  }

  TrialResult result() {
    double mean = rows == 0 ? 0 : sum / rows;
    double variance = rows < 2 ? 0 : (squares - rows * mean * mean) / (rows - 1);
    EvaluationResult old = before == null ? null : before.result();
    return new TrialResult(
        now.result(),
        old,
        mean,
        rows == 0 ? 0 : Math.sqrt(Math.max(0, variance) / rows),
        rows == 0 ? 0 : calibration / rows);
  }

  @Override
  public void close() {
    try (now;
        Evaluator unused = before) {
      // Both delete their temporary files.
    }
  }
}
