package org.llm4msr.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.commons.math3.stat.StatUtils;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.EvaluationReport;
import org.llm4msr.runtime.Experiment;
import org.llm4msr.runtime.LeakNotice;
import org.llm4msr.runtime.data.Split;
import org.llm4msr.runtime.evaluation.Metrics;

/**
 * Trains one or two configurations with several seeds and prints the AUC of each scenario: mean and
 * standard deviation over the seeds (in brackets for two), and for two the mean of the paired
 * differences with its 95 % interval. Where prompts leaked, a note below the table says so. Data is
 * prepared and knowledge extracted where that is not done yet; runs that are finished are not
 * trained again.
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

  /**
   * AUCs of one configuration.
   *
   * @param names of the scenarios, the last being overall
   * @param rows of each
   * @param auc of each, by seed
   * @param leaks whether prompts told of validation and test rows
   */
  private record Series(List<String> names, List<Long> rows, List<double[]> auc, boolean leaks) {}

  /** Runs the comparison. */
  public static void main(String[] args) {
    List<Long> seeds = new ArrayList<>();
    long first = Long.parseLong(args[1]);
    for (int i = 0; i < Integer.parseInt(args[2]); i++) {
      seeds.add(first + i);
    }
    SeedComparison comparison =
        new SeedComparison(Split.valueOf(args[0].toUpperCase(Locale.ROOT)), seeds);
    Path file = Path.of(args[3]);
    Series one = comparison.series(file);
    if (args.length == 4) {
      comparison.print(one);
      printNotice(file, one);
    } else {
      Path otherFile = Path.of(args[4]);
      Series other = comparison.series(otherFile);
      comparison.print(one, other);
      printNotice(file, one);
      printNotice(otherFile, other);
    }
  }

  private Series series(Path file) {
    List<EvaluationReport> reports = seeds.stream().map(seed -> report(file, seed)).toList();
    List<String> names = new ArrayList<>(reports.get(0).scenarioNames());
    names.add("overall");
    List<Long> rows = new ArrayList<>();
    double[][] auc = new double[names.size()][seeds.size()];
    for (int seed = 0; seed < seeds.size(); seed++) {
      List<Metrics> metrics = new ArrayList<>(reports.get(seed).result().scenarios());
      metrics.add(reports.get(seed).result().overall());
      for (int i = 0; i < auc.length; i++) {
        auc[i][seed] = metrics.get(i).auc();
      }
      rows = metrics.stream().map(Metrics::rows).toList();
    }
    boolean leaks = reports.stream().anyMatch(EvaluationReport::leakFutureInteractions);
    return new Series(names, rows, List.of(auc), leaks);
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
        "| scenario | rows | %s AUC, %d seeds | deviation |%n|---|---|---|---|%n",
        split.key(), seeds.size());
    for (int i = 0; i < one.names.size(); i++) {
      double[] auc = one.auc.get(i);
      System.out.printf(
          Locale.ROOT,
          "| %s | %,d | %.4f | %.4f |%n",
          one.names.get(i),
          one.rows.get(i),
          StatUtils.mean(auc),
          deviation(auc));
    }
  }

  private void print(Series one, Series other) {
    System.out.printf(
        "| scenario | rows | first, %s AUC, %d seeds | second | difference | 95 %% interval |%n"
            + "|---|---|---|---|---|---|%n",
        split.key(), seeds.size());
    for (int i = 0; i < one.names.size(); i++) {
      double[] first = one.auc.get(i);
      double[] second = other.auc.get(i);
      PairedDifference difference = PairedDifference.of(first, second);
      System.out.printf(
          Locale.ROOT,
          "| %s | %,d | %.4f (%.4f) | %.4f (%.4f) | %+.4f | %+.4f to %+.4f |%n",
          one.names.get(i),
          one.rows.get(i),
          StatUtils.mean(first),
          deviation(first),
          StatUtils.mean(second),
          deviation(second),
          difference.mean(),
          difference.mean() - difference.halfWidth(),
          difference.mean() + difference.halfWidth());
    }
  }

  private static double deviation(double[] values) {
    return Math.sqrt(StatUtils.variance(values));
  }

  private static void printNotice(Path file, Series series) {
    if (series.leaks) {
      System.out.printf("%nNOTE on %s: %s%n", file, LeakNotice.TEXT);
    }
  }
}
