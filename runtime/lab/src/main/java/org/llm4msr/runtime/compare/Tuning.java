package org.llm4msr.runtime.compare;

import static java.util.Comparator.comparing;
import static java.util.Comparator.comparingInt;
import static java.util.Comparator.naturalOrder;
import static java.util.Comparator.nullsLast;
import static java.util.Comparator.reverseOrder;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.compare.ComparisonResult.Score;
import org.llm4msr.runtime.compare.TuningConfig.Strategy;
import org.llm4msr.runtime.compare.TuningResult.Trial;
import org.llm4msr.runtime.config.loading.AnyValue;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.evaluation.metric.Metric.Direction;

/**
 * Searches settings by the validation part; the test part is never read. Trial 0 is the unchanged
 * experiment, and takes part until the end. Trials are drawn before anything runs, so a search that
 * is started again, or with more trials, reuses what is finished.
 */
public final class Tuning {

  /** What stands for the values of trial 0. */
  static final String UNCHANGED = "as it is";

  private static final String EPOCHS = "training.epochs";
  private static final String SEED = "training.seed";

  private final Path file;
  private final TuningConfig config;
  private final SearchSpace space;
  private final Runs runs;
  private final Comparator<Trial> bestFirst;
  private final List<List<AnyValue>> drawn = new ArrayList<>();
  private final List<String> shared = new ArrayList<>();

  Tuning(Path file, TuningConfig config, List<String> extra, Runs runs) {
    this.file = file;
    this.config = config;
    this.runs = runs;
    Comparator<Double> better =
        runs.metric().direction() == Direction.HIGHER ? reverseOrder() : naturalOrder();
    bestFirst = comparing(Trial::value, nullsLast(better)).thenComparingInt(Trial::number);
    space = new SearchSpace(config.space(), file);
    if (config.strategy() == Strategy.HALVING && space.keys().contains(EPOCHS)) {
      throw decided(EPOCHS, "is decided by halving itself. Leave it out, or set strategy: random.");
    }
    if (space.keys().contains(SEED)) {
      throw decided(
          SEED, "is set by the key 'seeds'. Leave it out, and write for example seeds: [1, 2].");
    }
    drawn.add(List.of());
    drawn.addAll(space.draw(config.trials(), config.seed()));
    config.settings().forEach((key, value) -> shared.add(key + "=" + value.yaml()));
    shared.addAll(extra);
  }

  private MsrException decided(String key, String why) {
    return new MsrException(
        ErrorType.USER, "tune/SPACE", "%s: space.%s %s".formatted(file, key, why));
  }

  /** Returns the folder of the results unless another one is named. */
  public Path folder() {
    return runs.folder("tunings", file, cell(0, List.of()));
  }

  /** Returns the unchanged experiment. */
  public LoadedConfig experiment() {
    return runs.open(cell(0, List.of()), 0).config();
  }

  /** Asks {@link #run} to store its progress and end. Safe from any thread. */
  public void requestStop() {
    runs.requestStop();
  }

  /**
   * Searches.
   *
   * @throws org.llm4msr.api.MsrException {@code compare/NOTHING} if no trial gave a result; {@code
   *     training/STOPPED} after {@link #requestStop}
   */
  public TuningResult run(ComparisonView view) {
    if (drawn.size() <= config.trials()) {
      view.note(
          "trials: %d instead of %d, as the space has no more different settings"
              .formatted(drawn.size() - 1, config.trials()));
    }
    List<Integer> rounds = rounds();
    Budget budget = new Budget(config.minutes());
    TreeMap<Integer, Trial> trials = new TreeMap<>();
    List<Integer> alive = IntStream.range(0, drawn.size()).boxed().toList();
    ComparisonResult table = null;
    for (int round = 1; table == null || (round <= rounds.size() && !budget.isSpent()); round++) {
      int epochs = rounds.get(round - 1);
      view.note(
          "round %d of %d: trials %d, epochs %d"
              .formatted(round, rounds.size(), alive.size(), epochs));
      Comparison comparison = comparison(alive, epochs);
      ComparisonResult compared = comparison.run(Split.VALIDATION, budget, view);
      List<Trial> tried = new ArrayList<>();
      for (int i = 0; i < alive.size(); i++) {
        if (!comparison.isSkipped(i)) {
          tried.add(trial(alive.get(i), round, epochs, overall(compared, i)));
        }
      }
      if (table != null && tried.size() < alive.size()) {
        break; // Trials are not the best just because there was time for them.
      }
      requireValues(compared);
      table = compared;
      tried.forEach(trial -> trials.put(trial.number(), trial));
      alive = survivors(tried);
    }
    List<Trial> ranked =
        trials.values().stream()
            .sorted(comparingInt(Trial::round).reversed().thenComparing(bestFirst))
            .toList();
    List<AnyValue> best = ranked.isEmpty() ? List.of() : drawn.get(ranked.get(0).number());
    return new TuningResult(
        space.keys(), ranked, settings(best), overrides(best), table, budget.isSpent());
  }

  /** A search by what no trial has would end without a word. */
  private void requireValues(ComparisonResult compared) {
    boolean measured = compared.models().stream().anyMatch(model -> !model.runs().isEmpty());
    if (measured
        && !compared.measure().isAuc()
        && IntStream.range(0, compared.models().size())
            .allMatch(model -> overall(compared, model).value() == null)) {
      throw new MsrException(
          ErrorType.USER,
          "tune/OBJECTIVE",
          "%s: the objective %s has no value on the validation part. It needs rows of both classes, of some user if it compares the rows of users. Name another metric, or choose another dataset.split."
              .formatted(file, compared.measure().name()));
    }
  }

  private Comparison comparison(List<Integer> numbers, int epochs) {
    List<String> axes = new ArrayList<>(List.of("trial"));
    axes.addAll(space.keys());
    List<String> length = List.of(EPOCHS + "=" + epochs);
    List<Cell> cells = numbers.stream().map(number -> cell(number, length)).toList();
    return new Comparison(file, config.seeds(), null, false, new Grid(axes, cells), runs);
  }

  private Cell cell(int number, List<String> further) {
    List<AnyValue> values = drawn.get(number);
    List<String> overrides = new ArrayList<>(shared);
    overrides.addAll(further);
    overrides.addAll(settings(values));
    List<String> labels = new ArrayList<>(List.of(Integer.toString(number)));
    for (int i = 0; i < space.keys().size(); i++) {
      labels.add(number == 0 ? UNCHANGED : values.get(i).label());
    }
    Path experiment = file.resolveSibling(config.experiment());
    workspace(values).ifPresent(overrides::add);
    return new Cell(experiment, labels, List.of(), number == 0, null, overrides);
  }

  /** Returns the override that gives a trial its own data or knowledge if it needs them. */
  private Optional<String> workspace(List<AnyValue> values) {
    Variant variant = new Variant();
    for (int i = 0; i < values.size(); i++) {
      String key = space.keys().get(i);
      if (Axis.needsWorkspace(key)) {
        variant.add(key, values.get(i).label(), key + "=" + values.get(i).yaml());
      }
    }
    return variant.workspace(() -> experiment().config().workspace());
  }

  private List<String> settings(List<AnyValue> values) {
    return IntStream.range(0, values.size())
        .mapToObj(i -> space.keys().get(i) + "=" + values.get(i).yaml())
        .toList();
  }

  private static Score overall(ComparisonResult table, int model) {
    List<Score> scores = table.models().get(model).scores();
    return scores.get(scores.size() - 1);
  }

  private Trial trial(int number, int round, int epochs, Score overall) {
    List<String> values = drawn.get(number).stream().map(AnyValue::label).toList();
    int index = number == 0 || overall.seeds() == 0 ? -1 : space.keys().indexOf(EPOCHS);
    return new Trial(
        number,
        values,
        round,
        index < 0 ? epochs : (int) Double.parseDouble(values.get(index)),
        overall.seeds() == config.seeds().size() ? overall.value() : null);
  }

  /** Returns how a trial differs from the experiment's file, except for epochs and secrets. */
  private List<String> overrides(List<AnyValue> values) {
    List<String> overrides = new ArrayList<>(shared);
    overrides.addAll(settings(values));
    workspace(values).ifPresent(overrides::add);
    Set<String> secrets = experiment().effective().secrets();
    overrides.removeIf(
        override -> {
          String key = override.substring(0, override.indexOf('='));
          return secrets.stream().anyMatch(secret -> (secret + ".").startsWith(key + "."));
        });
    return overrides;
  }

  /** Returns the epochs of each round; the last has those of the experiment. */
  private List<Integer> rounds() {
    int epochs = experiment().config().training().epochs();
    List<Integer> rounds = new ArrayList<>(List.of(epochs));
    int trials = drawn.size();
    while (config.strategy() == Strategy.HALVING
        && trials > config.factor()
        && rounds.get(0) >= config.factor()) {
      trials /= config.factor();
      rounds.add(0, rounds.get(0) / config.factor());
    }
    return rounds;
  }

  private List<Integer> survivors(List<Trial> tried) {
    int kept = (tried.size() + config.factor() - 1) / config.factor();
    List<Integer> best =
        new ArrayList<>(
            tried.stream()
                .filter(trial -> trial.value() != null)
                .sorted(bestFirst)
                .limit(kept)
                .map(Trial::number)
                .toList());
    if (!best.contains(0)) {
      best.add(0);
    }
    best.sort(null);
    return best;
  }
}
