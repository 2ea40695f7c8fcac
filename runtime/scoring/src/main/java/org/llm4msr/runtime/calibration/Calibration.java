package org.llm4msr.runtime.calibration;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Turns logits into probabilities: {@code 1 / (1 + exp(-(slope * logit + offset)))} with the slope
 * and offset of the row's scenario. Slopes are positive, so the order of rows within a scenario,
 * and with it their AUC, stays; the order between scenarios may change. Jackson writes and reads
 * it.
 *
 * @param scenarios of the main label, by rank; none where its logits are used as they are
 * @param labels likewise of further labels, by name; those that are not there are used as they are.
 *     Each is fitted by itself, so that a label may become more probable than the one it comes
 *     after
 */
public record Calibration(
    List<Line> scenarios,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, List<Line>> labels) {

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

  /** Makes that of the main label alone. */
  public Calibration(List<Line> scenarios) {
    this(scenarios, Map.of());
  }

  public Calibration {
    scenarios = List.copyOf(scenarios);
    Map<String, List<Line>> copy = new TreeMap<>();
    if (labels != null) { // Files of earlier versions have none.
      labels.forEach((label, lines) -> copy.put(label, List.copyOf(lines)));
    }
    labels = Collections.unmodifiableMap(copy);
  }

  /** Returns whether logits of the main label are used as they are. */
  public boolean changesNothing() {
    return scenarios.isEmpty();
  }

  /** Returns whether logits of all labels are used as they are. */
  public boolean changesNoLabel() {
    return scenarios.isEmpty() && labels.isEmpty();
  }

  /** Returns that of a further label. */
  public Calibration of(String label) {
    return new Calibration(labels.getOrDefault(label, List.of()));
  }

  /** Returns that of the main label, with further labels as another one has them. */
  public Calibration withLabelsOf(Calibration other) {
    return new Calibration(scenarios, other.labels);
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
    return keys(scenarios);
  }

  private static List<String> keys(List<Line> lines) {
    return lines.stream().map(Line::scenario).toList();
  }

  /**
   * Returns the keys of scenarios that are not those of a model, in the order of some label; empty
   * if there are none.
   *
   * @param known those of the model, by rank
   */
  public List<String> others(List<String> known) {
    return Stream.concat(Stream.of(scenarios), labels.values().stream())
        .filter(lines -> !lines.isEmpty())
        .map(Calibration::keys)
        .filter(found -> !found.equals(known))
        .findFirst()
        .orElse(List.of());
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
