package org.llm4msr.runtime.explanation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.assembly.LogitTerms;
import org.llm4msr.runtime.assembly.ModelProbe;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.explanation.Explanation.ExplainedRow;
import org.llm4msr.runtime.explanation.Explanation.ScenarioMeans;
import org.llm4msr.runtime.explanation.ScoreSums.Scored;
import org.llm4msr.runtime.tables.Batch;

/**
 * Scores rows as the model does, without each level of knowledge, and without all. On the thread of
 * the engine, without gradients; for one explanation.
 */
final class ScoreExplainer {

  /** The terms of a float32 logit add up to it but for this share of their size. */
  private static final double ROUNDING = 1e-4;

  private final ModelProbe probe;
  private final Calibration calibration;
  private final String head;
  private final List<String> scenarios;
  private final int most;
  private final Map<String, Set<Level>> variants = new LinkedHashMap<>();
  private final List<ExplainedRow> rows = new ArrayList<>();
  private final Map<Integer, ScoreSums> byScenario = new TreeMap<>();
  private final ScoreSums overall = new ScoreSums();

  /**
   * Makes an explainer.
   *
   * @param head name of the fusion head, for the error text
   * @param scenarios keys, by rank
   * @param most how many rows are kept one by one
   */
  ScoreExplainer(
      ModelProbe probe, Calibration calibration, String head, List<String> scenarios, int most) {
    this.probe = probe;
    this.calibration = calibration;
    this.head = head;
    this.scenarios = scenarios;
    this.most = most;
    Set<Level> levels = probe.levels();
    levels.forEach(level -> variants.put(level.name().toLowerCase(Locale.ROOT), Set.of(level)));
    if (levels.size() > 1) {
      variants.put(ScoreSums.ALL, levels);
    }
  }

  /** Names a row of a batch. */
  interface Names {

    String user(int i);

    @Nullable String item(int i);

    @Nullable Integer label(int i);
  }

  /** Logits and scores of a batch. */
  @SuppressWarnings("ArrayRecordComponent") // Read at once.
  private record Predicted(float[] logits, float[] scores) {

    Scored at(int i) {
      return new Scored(logits[i], scores[i]);
    }
  }

  /**
   * Explains some rows of a batch.
   *
   * @param picks which
   */
  void add(Batch batch, int[] picks, Names names) {
    if (picks.length == 0) {
      return;
    }
    LogitTerms found = probe.predict(batch, Set.of());
    Predicted whole = predicted(batch, found);
    Map<String, Predicted> without = new LinkedHashMap<>();
    variants.forEach(
        (name, levels) -> without.put(name, predicted(batch, probe.predict(batch, levels))));
    for (int i : picks) {
      Map<String, Double> terms = new LinkedHashMap<>();
      found.terms().forEach((name, values) -> terms.put(name, (double) values[i]));
      requireSum(terms, found.logits()[i]);
      Map<String, Scored> changed = new LinkedHashMap<>();
      without.forEach((name, other) -> changed.put(name, other.at(i)));
      ScoreSums one = new ScoreSums();
      for (ScoreSums sums : List.of(one, overall, sums(batch.scenario[i]))) {
        sums.add(whole.at(i), terms, changed);
      }
      if (rows.size() < most) {
        String scenario = scenarios.get(batch.scenario[i]);
        rows.add(
            new ExplainedRow(names.user(i), scenario, names.item(i), names.label(i), one.means()));
      }
    }
  }

  private ScoreSums sums(int scenario) {
    return byScenario.computeIfAbsent(scenario, rank -> new ScoreSums());
  }

  private Predicted predicted(Batch batch, LogitTerms found) {
    float[] scores = new float[batch.size];
    calibration.probabilities(batch.size, batch.scenario, found.logits(), scores);
    return new Predicted(found.logits(), scores);
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

  /** Returns the rows that were kept. */
  List<ExplainedRow> rows() {
    return rows;
  }

  /** Returns the means per scenario, by rank, and of all rows; empty where there were no rows. */
  List<ScenarioMeans> means() {
    List<ScenarioMeans> means = new ArrayList<>();
    byScenario.forEach(
        (rank, sums) -> means.add(new ScenarioMeans(scenarios.get(rank), sums.means())));
    if (!means.isEmpty()) {
      means.add(new ScenarioMeans(null, overall.means()));
    }
    return means;
  }
}
