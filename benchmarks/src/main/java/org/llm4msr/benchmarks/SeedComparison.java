package org.llm4msr.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.commons.math3.stat.StatUtils;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.EvaluationReport;
import org.llm4msr.runtime.Experiment;
import org.llm4msr.runtime.data.Split;
import org.llm4msr.runtime.evaluation.Metrics;

/**
 * Trains one or two configurations with several seeds and prints the AUC of each scenario: mean and
 * standard deviation over the seeds, and for two the mean of the paired differences with its 95 %
 * interval. Data is prepared and knowledge extracted where that is not done yet; runs that are
 * finished are not trained again.
 *
 * <pre>
 * validation|test FIRST_SEED SEEDS FILE [FILE]
 * </pre>
 *
 * <p>{@code benchmarks/run SeedComparison ...} starts it; {@code EXTRA="key=value key=value"} in
 * the environment overrides keys of both files.
 */
public final class SeedComparison {

  private final Split split;
  private final List<Long> seeds;

  private SeedComparison(Split split, List<Long> seeds) {
    this.split = split;
    this.seeds = seeds;
  }

  /** AUCs of one configuration: by scenario, the last being overall, and seed. */
  private record Series(List<String> names, List<double[]> auc) {}

  /** Runs the comparison. */
  public static void main(String[] args) {
    List<Long> seeds = new ArrayList<>();
    long first = Long.parseLong(args[1]);
    for (int i = 0; i < Integer.parseInt(args[2]); i++) {
      seeds.add(first + i);
    }
    SeedComparison comparison =
        new SeedComparison(Split.valueOf(args[0].toUpperCase(Locale.ROOT)), seeds);
    Series one = comparison.series(Path.of(args[3]));
    if (args.length == 4) {
      comparison.print(one);
    } else {
      comparison.print(one, comparison.series(Path.of(args[4])));
    }
  }

  private Series series(Path file) {
    List<EvaluationReport> reports = seeds.stream().map(seed -> report(file, seed)).toList();
    List<String> names = new ArrayList<>(reports.get(0).scenarioNames());
    names.add("overall");
    double[][] auc = new double[names.size()][seeds.size()];
    for (int seed = 0; seed < seeds.size(); seed++) {
      List<Metrics> metrics = new ArrayList<>(reports.get(seed).result().scenarios());
      metrics.add(reports.get(seed).result().overall());
      for (int i = 0; i < auc.length; i++) {
        auc[i][seed] = metrics.get(i).auc();
      }
    }
    return new Series(names, List.of(auc));
  }

  private EvaluationReport report(Path file, long seed) {
    List<String> overrides = new ArrayList<>(List.of("training.seed=" + seed));
    String extra = System.getenv().getOrDefault("EXTRA", "").strip();
    overrides.addAll(extra.isEmpty() ? List.of() : List.of(extra.split("\\s+")));
    Experiment experiment = Experiment.fromYaml(file, overrides.toArray(String[]::new));
    experiment.prepare(false, Progress.NONE);
    if (experiment.config().config().knowledge() != null) {
      experiment.extract(false, Progress.NONE);
    }
    String run = String.valueOf(file.getFileName()).replaceFirst("\\..*", "") + "-seed-" + seed;
    experiment.train(run, Progress.NONE);
    EvaluationReport report = experiment.evaluate(run, split, null, Progress.NONE);
    System.err.printf(
        Locale.ROOT, "%s: %s AUC %.4f%n", run, split.key(), report.result().overall().auc());
    return report;
  }

  private void print(Series one) {
    System.out.printf(
        "| scenario | %s AUC, %d seeds | deviation |%n|---|---|---|%n", split.key(), seeds.size());
    for (int i = 0; i < one.names.size(); i++) {
      System.out.printf(
          Locale.ROOT,
          "| %s | %.4f | %.4f |%n",
          one.names.get(i),
          StatUtils.mean(one.auc.get(i)),
          Math.sqrt(StatUtils.variance(one.auc.get(i))));
    }
  }

  private void print(Series one, Series other) {
    System.out.printf(
        "| scenario | first, %s AUC, %d seeds | second | difference | 95 %% interval |%n|---|---|---|---|---|%n",
        split.key(), seeds.size());
    for (int i = 0; i < one.names.size(); i++) {
      PairedDifference difference = PairedDifference.of(one.auc.get(i), other.auc.get(i));
      System.out.printf(
          Locale.ROOT,
          "| %s | %.4f | %.4f | %+.4f | %+.4f to %+.4f |%n",
          one.names.get(i),
          StatUtils.mean(one.auc.get(i)),
          StatUtils.mean(other.auc.get(i)),
          difference.mean(),
          difference.mean() - difference.halfWidth(),
          difference.mean() + difference.halfWidth());
    }
  }
}
