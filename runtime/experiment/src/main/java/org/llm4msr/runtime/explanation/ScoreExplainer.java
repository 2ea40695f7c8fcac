package org.llm4msr.runtime.explanation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.explanation.Explanation.ExplainedRow;
import org.llm4msr.runtime.explanation.Explanation.ScenarioMeans;
import org.llm4msr.runtime.terms.ScoreSums;
import org.llm4msr.runtime.terms.ScoreTerms;

/**
 * Gathers what the scores of rows are made of. On the thread of the engine; for one explanation.
 */
final class ScoreExplainer {

  private final ScoreTerms terms;
  private final SequenceReader sequences;
  private final List<String> scenarios;
  private final int most;
  private final List<ExplainedRow> rows = new ArrayList<>();
  private final Map<Integer, ScoreSums> byScenario = new TreeMap<>();
  private final ScoreSums overall = new ScoreSums();

  /**
   * Makes an explainer.
   *
   * @param scenarios keys, by rank
   * @param most how many rows are kept one by one
   */
  ScoreExplainer(ScoreTerms terms, SequenceReader sequences, List<String> scenarios, int most) {
    this.terms = terms;
    this.sequences = sequences;
    this.scenarios = scenarios;
    this.most = most;
  }

  /** Names a row of a batch. */
  interface Names {

    String user(int i);

    @Nullable String item(int i);

    @Nullable Integer label(int i);
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
    ScoreTerms.Rows found = terms.of(batch);
    SequenceReader.Rows read = rows.size() < most ? sequences.of(batch) : i -> List.of();
    for (int i : picks) {
      ScoreTerms.Row row = found.get(i);
      overall.add(row);
      sums(batch.scenario[i]).add(row);
      if (rows.size() < most) {
        String scenario = scenarios.get(batch.scenario[i]);
        rows.add(
            new ExplainedRow(
                names.user(i), scenario, names.item(i), names.label(i), row.parts(), read.get(i)));
      }
    }
  }

  private ScoreSums sums(int scenario) {
    return byScenario.computeIfAbsent(scenario, rank -> new ScoreSums());
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
