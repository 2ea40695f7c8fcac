package org.llm4msr.runtime.compare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.compare.ComparisonResult.Failure;
import org.llm4msr.runtime.compare.Controls.Reading;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Stages;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection.Neighbour;
import org.llm4msr.runtime.plugins.MemoryErrors;
import org.llm4msr.runtime.report.Neighbours;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains every model of a grid with every seed and puts them side by side. Runs go one after the
 * other and share prepared data and knowledge. A run that fails is reported, and the others
 * continue; a comparison that is started again reuses what is finished.
 *
 * <pre>{@code
 * ComparisonResult result = comparisons.open(Path.of("grid.yaml"), List.of()).run(Split.TEST, view);
 * }</pre>
 */
public final class Comparison {

  private static final double NANOS = 1e9;
  private static final Logger LOG = LoggerFactory.getLogger(Comparison.class);

  private final Path file;
  private final List<Long> seeds;
  private final @Nullable String note;
  private final boolean asksForControls;
  private final Grid grid;
  private final Runs runs;
  private final List<Failure> failures = new ArrayList<>();
  private final Set<Cell> skipped = new HashSet<>();
  private final Controls controls = new Controls();

  /**
   * Makes a comparison.
   *
   * @param asksForControls whether it says which models have none
   */
  Comparison(
      Path file,
      List<Long> seeds,
      @Nullable String note,
      boolean asksForControls,
      Grid grid,
      Runs runs) {
    this.file = file;
    this.seeds = seeds;
    this.note = note;
    this.asksForControls = asksForControls;
    this.grid = grid;
    this.runs = runs;
  }

  /** Returns how many runs there are. */
  public int size() {
    return grid.cells().size() * seeds.size();
  }

  /** Returns what its file has to say below the table, or null. */
  public @Nullable String note() {
    return note;
  }

  /** Returns the folder of the tables unless another one is named. */
  public Path folder() {
    return runs.folder("comparisons", file, grid.cells().get(0));
  }

  /** Asks {@link #run} to store its progress and end. Safe from any thread. */
  public void requestStop() {
    runs.requestStop();
  }

  /**
   * Trains and measures.
   *
   * @param part the part on which the models are measured
   * @throws MsrException {@code compare/NOTHING} if no run gave a result; {@code training/STOPPED}
   *     or {@code knowledge/STOPPED} after {@link #requestStop}
   */
  public ComparisonResult run(Split part, ComparisonView view) {
    return run(part, new Budget(Budget.UNLIMITED), view);
  }

  /** Trains and measures until the budget is spent. */
  ComparisonResult run(Split part, Budget budget, ComparisonView view) {
    Set<Cell> usable = prepare(part, view);
    Map<Cell, List<@Nullable RunResult>> results = new HashMap<>();
    int number = 0;
    for (Cell cell : grid.cells()) {
      for (long seed : seeds) {
        number++;
        if (usable.contains(cell) && budget.isSpent()) {
          skipped.add(cell);
        } else if (usable.contains(cell)) {
          long started = System.nanoTime();
          view.note(
              "run %d of %d: %s, seed %d".formatted(number, size(), grid.describe(cell), seed));
          RunResult result = attempt(cell, seed, () -> runs.result(cell, seed, part, view));
          results.computeIfAbsent(cell, key -> new ArrayList<>()).add(result);
          if (result == null) {
            budget.spend((System.nanoTime() - started) / NANOS);
          } else {
            budget.spend(result.seconds());
          }
        }
      }
    }
    return result(part, results);
  }

  /** Returns whether there was no time for a run of a model, by its number in the grid. */
  boolean isSkipped(int model) {
    return skipped.contains(grid.cells().get(model));
  }

  private ComparisonResult result(Split part, Map<Cell, List<@Nullable RunResult>> results) {
    ComparisonTable table = new ComparisonTable(grid, results, controls, runs.metric());
    if (table.headings().isEmpty()) {
      throw nothing();
    }
    List<EvaluationReport> reports =
        results.values().stream()
            .flatMap(List::stream)
            .filter(Objects::nonNull)
            .map(RunResult::report)
            .toList();
    return new ComparisonResult(
        part.key(),
        seeds,
        grid.axes(),
        table.headings(),
        table.models(),
        table.slices(),
        failures,
        controls.kinds(),
        asksForControls ? controls.uncontrolled(grid) : List.of(),
        neighbours(results),
        reports.stream().anyMatch(EvaluationReport::leakFutureInteractions),
        reports.stream().anyMatch(EvaluationReport::readsLaterParts),
        runs.label().name(),
        Measure.of(runs.metric()));
  }

  /** The knowledge of the first run that reads any; most grids share one. */
  private Map<String, List<Neighbour>> neighbours(Map<Cell, List<@Nullable RunResult>> results) {
    for (Cell cell : grid.cells()) {
      RunResult run =
          results.getOrDefault(cell, List.of()).stream()
              .filter(Objects::nonNull)
              .findFirst()
              .orElse(null);
      if (run != null) {
        Stages experiment = runs.open(cell, seeds.get(0));
        if (experiment.readsKnowledge()) {
          return experiment.scenarioNeighbours(run.name(), Neighbours.COUNT);
        }
      }
    }
    return Map.of();
  }

  private MsrException nothing() {
    Failure first = failures.get(0);
    return new MsrException(
        ErrorType.USER,
        "compare/NOTHING",
        "%s: none of the %d runs gave a result. The first, %s: %s"
            .formatted(file, size(), first.model(), first.reason()));
  }

  /** Checks all models, then prepares the data sets and extracts the knowledge that they read. */
  private Set<Cell> prepare(Split part, ComparisonView view) {
    Set<Cell> usable = new HashSet<>();
    Set<Path> prepared = new HashSet<>();
    Set<Runs.Extracted> extracted = new HashSet<>();
    long seed = seeds.get(0);
    List<Cell> checked = new ArrayList<>();
    for (Cell cell : grid.cells()) {
      if (attempt(cell, seed, () -> runs.check(cell)) != null) {
        checked.add(cell);
      }
    }
    for (Cell cell : checked) {
      Stages experiment =
          attempt(cell, seed, () -> runs.prepare(cell, part, prepared, extracted, view));
      if (experiment != null) {
        usable.add(cell);
        note(cell, experiment);
      }
    }
    return usable;
  }

  private void note(Cell cell, Stages experiment) {
    KnowledgeConfig knowledge = experiment.config().config().knowledge();
    if (knowledge == null || !experiment.readsKnowledge()) {
      controls.put(cell, Reading.NOTHING);
    } else {
      controls.put(cell, knowledge.control());
    }
  }

  private interface Attempt<T> {
    T make();
  }

  private <T> @Nullable T attempt(Cell cell, long seed, Attempt<T> attempt) {
    try {
      return attempt.make();
    } catch (MsrException e) {
      if (e.code().endsWith("/STOPPED")) {
        throw e;
      }
      failed(cell, seed, e.text());
    } catch (RuntimeException | LinkageError e) {
      LOG.error("{}, seed {}", cell, seed, e);
      failed(cell, seed, MemoryErrors.explain(e).map(MsrException::text).orElseGet(e::toString));
    }
    return null;
  }

  private void failed(Cell cell, long seed, String reason) {
    if (failures.stream().noneMatch(failure -> failure.reason().equals(reason))) {
      LOG.warn("{}, seed {}: {}", cell, seed, reason);
    }
    failures.add(new Failure(cell.toString(), seed, reason));
  }
}
