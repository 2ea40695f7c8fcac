package org.llm4msr.runtime.calibration;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * Turns logits into probabilities: {@code 1 / (1 + exp(-(slope * logit + offset)))} with the slope
 * and offset of the row's scenario. Slopes are positive, so the order of rows within a scenario,
 * and with it their AUC, stays; the order between scenarios may change. Jackson writes and reads
 * it.
 *
 * @param scenarios by rank; none where logits are used as they are
 */
public record Calibration(List<Line> scenarios) {

  private static final double LEAST = 1e-7;

  /** Uses logits as they are. */
  public static final Calibration NONE = new Calibration(List.of());

  /**
   * The calibration of a scenario.
   *
   * @param scenario its key
   * @param slope finite and positive
   * @param offset finite
   * @param rows rows of the scenario to which both were fitted
   */
  public record Line(String scenario, double slope, double offset, long rows) {
    public Line {
      requireNonNull(scenario, "scenario is null");
      if (!(slope > 0 && slope < Double.POSITIVE_INFINITY && Double.isFinite(offset))) {
        throw new IllegalArgumentException(
            "scenario %s has slope %s and offset %s".formatted(scenario, slope, offset));
      }
    }
  }

  public Calibration {
    scenarios = List.copyOf(scenarios);
  }

  /** Returns whether logits are used as they are. */
  public boolean changesNothing() {
    return scenarios.isEmpty();
  }

  /**
   * Returns the logit that becomes a probability.
   *
   * @param scenario rank
   * @param probability in [0, 1]; one that is nearer than {@value #LEAST} to an end counts as that
   */
  public double logit(int scenario, double probability) {
    double within = Math.min(1 - LEAST, Math.max(LEAST, probability));
    double score = Math.log(within / (1 - within));
    if (changesNothing()) {
      return score;
    }
    Line line = scenarios.get(scenario);
    return (score - line.offset) / line.slope;
  }

  /** Returns the keys of the scenarios, by rank. */
  public List<String> keys() {
    return scenarios.stream().map(Line::scenario).toList();
  }

  /**
   * Computes probabilities of label 1.
   *
   * @param n the number of rows, which come first in each array
   * @param scenario rank of each row's scenario
   * @param probability filled; may be {@code logit}
   */
  public void probabilities(int n, int[] scenario, float[] logit, float[] probability) {
    for (int i = 0; i < n; i++) {
      double score = logit[i];
      if (!changesNothing()) {
        Line line = scenarios.get(scenario[i]);
        score = line.slope * score + line.offset;
      }
      probability[i] = (float) sigmoid(score);
    }
  }

  static double sigmoid(double score) {
    return 1 / (1 + Math.exp(-score));
  }
}
