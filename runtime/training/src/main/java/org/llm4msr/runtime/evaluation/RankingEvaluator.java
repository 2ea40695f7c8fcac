package org.llm4msr.runtime.evaluation;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Computes how well predictions order the rows of each group, overall and per scenario, exactly and
 * in bounded memory. For use by one thread; closing it deletes its temporary files.
 */
final class RankingEvaluator implements AutoCloseable {

  private final List<String> scenarios;
  private final int[] cutoffs;
  private final RowsByOwner byGroup;

  /**
   * Makes an evaluator.
   *
   * @param scenarios the scenarios' keys, by rank
   * @param cutoffs numbers of first rows that are looked at, at least one
   * @param scratch an existing folder for rows that do not fit into memory; null for the default
   *     one for temporary files
   * @param rowsInMemory rows that are held in memory, 8 bytes each
   */
  RankingEvaluator(
      List<String> scenarios, List<Integer> cutoffs, @Nullable Path scratch, int rowsInMemory) {
    this.scenarios = List.copyOf(scenarios);
    this.cutoffs = cutoffs.stream().mapToInt(k -> k).sorted().toArray();
    byGroup = new RowsByOwner("groups", scenarios.size(), true, scratch, rowsInMemory);
  }

  /**
   * Adds a row.
   *
   * @param scenario rank of its scenario
   * @param group its number; a row of group 0 belongs to none and is left out
   * @param label 0 or 1
   * @param probability in [0, 1]
   */
  void add(int scenario, int group, float label, float probability) {
    Evaluator.check(label, probability);
    if (group == 0) {
      return;
    }
    try {
      byGroup.add(group, scenario, probability, label == 1);
    } catch (IOException e) {
      throw Evaluator.spillFailed(e);
    }
  }

  /** Returns the metrics of all rows so far. */
  RankingResult result() {
    Totals totals = new Totals(scenarios.size() + 1);
    try {
      byGroup.forEach(totals);
    } catch (IOException e) {
      throw Evaluator.spillFailed(e);
    }
    return new RankingResult(
        totals.sums[scenarios.size()].metrics(Metrics.OVERALL),
        IntStream.range(0, scenarios.size())
            .mapToObj(s -> totals.sums[s].metrics(scenarios.get(s)))
            .toList());
  }

  /** Deletes the temporary files. */
  @Override
  public void close() {
    try {
      byGroup.close();
    } catch (IOException e) {
      throw Evaluator.spillFailed(e);
    }
  }

  /** One group at a time in each column. */
  private final class Totals implements RowsByOwner.Visitor {
    private final RankedGroup[] groups;
    private final RankingSums[] sums;

    Totals(int columns) {
      groups =
          Stream.generate(() -> new RankedGroup(cutoffs))
              .limit(columns)
              .toArray(RankedGroup[]::new);
      sums =
          Stream.generate(() -> new RankingSums(cutoffs))
              .limit(columns)
              .toArray(RankingSums[]::new);
    }

    @Override
    public void row(int column, float score, boolean positive) {
      groups[column].add(score, positive);
    }

    @Override
    public void end(int column) {
      sums[column].add(groups[column]);
    }
  }
}
