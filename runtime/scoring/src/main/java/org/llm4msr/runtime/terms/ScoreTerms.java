package org.llm4msr.runtime.terms;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.assembly.LogitTerms;
import org.llm4msr.runtime.assembly.ModelProbe;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.calibration.LabelCalibrations;
import org.llm4msr.runtime.terms.ScoreSums.Scored;

/**
 * Scores rows as the model does, without each level of knowledge, without sequences, and without
 * all levels. Where the engine computes, without gradients; for one thread.
 */
public final class ScoreTerms {

  /** The terms of a float32 logit add up to it but for this share of their size. */
  private static final double ROUNDING = 1e-4;

  /** What stands for all sequences among the levels. */
  private static final String SEQUENCES = "sequences";

  private final ModelProbe probe;
  private final Calibration calibration;
  private final LabelCalibrations ofLabels;
  private final String head;
  private final Map<String, Function<Batch, LogitTerms>> variants = new LinkedHashMap<>();

  /**
   * Makes it.
   *
   * @param head name of the fusion head, for the error text
   */
  public ScoreTerms(ModelProbe probe, Calibration calibration, String head) {
    this.probe = probe;
    this.calibration = calibration;
    ofLabels = LabelCalibrations.of(calibration, probe.labels());
    this.head = head;
    Set<Level> levels = probe.levels();
    for (Level level : levels) {
      String name = level.name().toLowerCase(Locale.ROOT);
      variants.put(name, batch -> probe.predict(batch, Set.of(level)));
    }
    if (probe.readsSequences()) {
      variants.put(SEQUENCES, probe::predictWithoutSequences);
    }
    if (levels.size() > 1) {
      variants.put(ScoreSums.ALL, batch -> probe.predict(batch, levels));
    }
  }

  /**
   * What the score of a row is made of.
   *
   * @param terms what adds up to the logit, by name
   * @param without the row without knowledge, by level, and without sequences
   * @param labels the same of further labels, by name, without terms
   */
  public record Row(
      Scored whole,
      Map<String, Double> terms,
      Map<String, Scored> without,
      Map<String, Row> labels) {

    /** Returns it with the shares of its parts. */
    public ScoreParts parts() {
      ScoreSums sums = new ScoreSums();
      sums.add(this);
      return sums.means();
    }
  }

  /** The rows of a batch. */
  @FunctionalInterface
  public interface Rows {

    /**
     * Returns a row.
     *
     * @throws MsrException {@code explain/TERMS} if the terms of the head are wrong
     */
    Row get(int row);
  }

  /** Logits and scores of a batch, of the main label and then of the further ones. */
  @SuppressWarnings("ArrayRecordComponent") // Read at once.
  private record Predicted(float[][] logits, float[][] scores) {

    Scored at(int label, int i) {
      return new Scored(logits[label][i], scores[label][i]);
    }
  }

  /** Scores a batch, which may change afterwards. */
  public Rows of(Batch batch) {
    LogitTerms found = probe.predict(batch, Set.of());
    Predicted whole = predicted(batch, found);
    Map<String, Predicted> without = new LinkedHashMap<>();
    variants.forEach((name, variant) -> without.put(name, predicted(batch, variant.apply(batch))));
    List<String> names = probe.labels();
    return i -> {
      Map<String, Double> terms = new LinkedHashMap<>();
      found.terms().forEach((name, values) -> terms.put(name, (double) values[i]));
      requireSum(terms, found.logits()[i]);
      Map<String, Row> labels = new LinkedHashMap<>();
      for (int label = 0; label < names.size(); label++) {
        labels.put(names.get(label), row(1 + label, i, whole, Map.of(), without, Map.of()));
      }
      return row(0, i, whole, terms, without, labels);
    };
  }

  private static Row row(
      int label,
      int i,
      Predicted whole,
      Map<String, Double> terms,
      Map<String, Predicted> without,
      Map<String, Row> labels) {
    Map<String, Scored> changed = new LinkedHashMap<>();
    without.forEach((name, other) -> changed.put(name, other.at(label, i)));
    return new Row(whole.at(label, i), terms, changed, labels);
  }

  private Predicted predicted(Batch batch, LogitTerms found) {
    float[][] further = found.labels();
    float[][] logits = new float[1 + further.length][];
    logits[0] = found.logits();
    System.arraycopy(further, 0, logits, 1, further.length);
    float[][] scores = new float[logits.length][batch.size];
    calibration.probabilities(batch.size, batch.scenario, found.logits(), scores[0]);
    float[][] ofFurther = Arrays.copyOfRange(scores, 1, scores.length);
    ofLabels.probabilities(batch.size, batch.scenario, further, ofFurther);
    return new Predicted(logits, scores);
  }

  private void requireSum(Map<String, Double> terms, float logit) {
    double sum = terms.values().stream().mapToDouble(Double::doubleValue).sum();
    double size = terms.values().stream().mapToDouble(Math::abs).sum();
    if (!terms.isEmpty() && !(Math.abs(sum - logit) <= ROUNDING * (1 + size))) {
      throw new MsrException(
          ErrorType.PLUGIN,
          "explain/TERMS",
          "The terms that the fusion head '%s' names, %s, add up to %s, but its logit is %s. Report it to the author of the head."
              .formatted(head, terms, sum, logit));
    }
  }
}
