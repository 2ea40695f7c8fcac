package org.llm4msr.runtime.compare;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.config.KnowledgeControl.Kind;
import org.llm4msr.runtime.experiment.Notice;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection.Neighbour;

/**
 * The table of a comparison.
 *
 * @param part validation or test
 * @param seeds of training
 * @param axes headings of the labels
 * @param columns the scenarios, by rank, and all rows together at the end
 * @param models one line each, in the order of the grid
 * @param slices the same for the slices that {@code evaluation.slices} names
 * @param failures runs that gave no result
 * @param controls the kinds of controls among the models
 * @param uncontrolled names of models that read knowledge, of groups without a control
 * @param neighbours the nearest neighbours of each scenario, by key, in the knowledge of the first
 *     run that reads any; empty if none does
 * @param leakFutureInteractions whether prompts of any model revealed the rows that it is measured
 *     on
 * @param readsLaterParts whether rows of any model read earlier events of validation and test
 * @param label that is measured: a further one of the models, or {@code label}, the main one
 * @param measure the metric that it has
 */
public record ComparisonResult(
    String part,
    List<Long> seeds,
    List<String> axes,
    List<Column> columns,
    List<Model> models,
    List<Slices> slices,
    List<Failure> failures,
    List<Kind> controls,
    List<String> uncontrolled,
    Map<String, List<Neighbour>> neighbours,
    boolean leakFutureInteractions,
    boolean readsLaterParts,
    String label,
    Measure measure) {

  /** Returns what must be said of how the models were trained. */
  List<String> notices() {
    return Notice.texts(leakFutureInteractions, readsLaterParts);
  }

  /** Returns how texts name the label. */
  MeasuredLabel measured() {
    return new MeasuredLabel(label);
  }

  public ComparisonResult {
    seeds = List.copyOf(seeds);
    axes = List.copyOf(axes);
    columns = List.copyOf(columns);
    models = List.copyOf(models);
    slices = List.copyOf(slices);
    failures = List.copyOf(failures);
    controls = List.copyOf(controls);
    uncontrolled = List.copyOf(uncontrolled);
  }

  /**
   * A scenario, all, or a slice.
   *
   * @param rows of the part; those of the first model if data differs between models
   */
  public record Column(String name, long rows) {}

  /**
   * A model.
   *
   * @param labels its value on each axis
   * @param group the labels that it shares with the models that it is compared with
   * @param baseline whether the other models of its group are compared with it
   * @param runs names of its runs, by seed
   * @param folders of its runs, by seed
   * @param scores by column
   * @param stillImproving the number of its runs whose last validation was the best
   * @param seconds mean training time of its runs, if they were measured
   */
  public record Model(
      List<String> labels,
      List<String> group,
      boolean baseline,
      List<String> runs,
      List<String> folders,
      List<Score> scores,
      int stillImproving,
      @Nullable Double seconds) {

    public Model {
      labels = List.copyOf(labels);
      group = List.copyOf(group);
      runs = List.copyOf(runs);
      folders = List.copyOf(folders);
      scores = List.copyOf(scores);
    }
  }

  /**
   * The slices of one way to divide rows.
   *
   * @param name the name that settings have for it
   * @param title a heading
   * @param columns the slices
   * @param scores by model, then by column
   */
  public record Slices(String name, String title, List<Column> columns, List<List<Score>> scores) {

    public Slices {
      columns = List.copyOf(columns);
      scores = List.copyOf(scores);
    }
  }

  /**
   * The metric of a model in one column, in files by its name.
   *
   * @param seeds the number of runs in the mean
   * @param value mean, or null where no run has one
   * @param deviation standard deviation over the seeds, or null for fewer than two
   * @param best whether no model of its group has results of more seeds, or of as many with a
   *     better mean
   * @param difference from the baseline of its group, or null for the baseline itself
   * @param rest what the gain of a model has beyond this, its control; null unless it is a control,
   *     and the baseline reads nothing
   */
  public record Score(
      int seeds,
      @Nullable Double value,
      @Nullable Double deviation,
      boolean best,
      @Nullable Difference difference,
      @Nullable Rest rest) {}

  /**
   * Difference of two models over pairs of runs of one seed.
   *
   * @param mean of the differences
   * @param low end of the 95 % interval by Student's t, or null for a single pair
   * @param high its other end
   * @param tTest p-value of the paired t-test over the seeds, or null for a single pair
   * @param sameRows median over the seeds of the p-values of the metric's test on the same rows,
   *     those of one user together, in files by the test's name; null if rows differ, are too many,
   *     or are of too few users
   * @param significant whether {@code sameRows}, and {@code tTest} if there is one, are below 0.05;
   *     with too many rows, or without a test, only {@code tTest} counts
   */
  public record Difference(
      double mean,
      @Nullable Double low,
      @Nullable Double high,
      @Nullable Double tTest,
      @Nullable Double sameRows,
      boolean significant) {}

  /**
   * A model beside its control, over the seeds that both and the baseline have.
   *
   * @param knowledge mean of the model minus that of the control
   * @param low end of the 95 % interval by Student's t, or null for a single seed
   * @param high its other end
   * @param share share of the model's gain that the control has as well; null where the model has
   *     no gain, or none that Student's t tells from 0
   * @param shareLow end of its 95 % interval by Fieller, or null for a single seed
   * @param shareHigh its other end
   */
  public record Rest(
      double knowledge,
      @Nullable Double low,
      @Nullable Double high,
      @Nullable Double share,
      @Nullable Double shareLow,
      @Nullable Double shareHigh) {}

  /** A run that gave no result. */
  public record Failure(String model, long seed, String reason) {}
}
