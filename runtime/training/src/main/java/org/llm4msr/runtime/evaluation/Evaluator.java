package org.llm4msr.runtime.evaluation;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.files.FileErrors;

/**
 * Computes the quality of predictions, overall and per scenario. Metrics that ask for an order of
 * the rows are exact for any number of them in bounded memory: every row becomes one long in each
 * of two external sorts, by score and by user and score. A probability in [0, 1] has float bits
 * below 2^30, which leaves 33 bits for user and scenario.
 *
 * <p>For use by one thread. Closing it deletes its temporary files.
 */
public final class Evaluator implements AutoCloseable {

  /** The default number of rows held in memory by each of the two sorts: 64 MiB together. */
  public static final int ROWS_IN_MEMORY = 1 << 22;

  private final List<String> scenarios;
  private final int scenarioBits;
  private final MetricList metrics;
  private final List<MetricStates> unordered;
  private final LongSorter byScore;
  private final RowsByOwner byUser;

  /** Makes an evaluator of the standard metrics, as {@link #Evaluator(List, MetricList)}. */
  public Evaluator(List<String> scenarios) {
    this(scenarios, MetricList.STANDARD);
  }

  /**
   * Makes an evaluator that holds {@link #ROWS_IN_MEMORY} rows in memory and others in the folder
   * for temporary files.
   *
   * @param scenarios the scenarios' keys, by rank
   */
  public Evaluator(List<String> scenarios, MetricList metrics) {
    this(scenarios, metrics, null, ROWS_IN_MEMORY);
  }

  /**
   * Makes an evaluator.
   *
   * @param scenarios the scenarios' keys, by rank
   * @param scratch an existing folder for rows that do not fit into memory; null for the default
   *     one for temporary files
   * @param rowsInMemory rows that are held in memory, 16 bytes each
   */
  public Evaluator(
      List<String> scenarios, MetricList metrics, @Nullable Path scratch, int rowsInMemory) {
    this.scenarios = List.copyOf(scenarios);
    this.metrics = metrics;
    scenarioBits = RowsByOwner.scenarioBits(scenarios.size());
    unordered = states(scenarios.size());
    byScore = new LongSorter(scratch, rowsInMemory);
    byUser = new RowsByOwner("users", scenarios.size(), false, scratch, rowsInMemory);
  }

  MetricList metrics() {
    return metrics;
  }

  /**
   * Adds rows.
   *
   * @param n the number of rows, which come first in each array
   * @param scenario rank of each row's scenario
   * @param user index of each row's user
   * @param label 0 or 1
   * @param probability in [0, 1]
   * @throws MsrException if a probability is not a number in [0, 1] or a label is not 0 or 1
   */
  public void add(int n, int[] scenario, int[] user, float[] label, float[] probability) {
    for (int i = 0; i < n; i++) {
      add(scenario[i], user[i], label[i], probability[i]);
    }
  }

  void add(int scenario, int user, float label, float probability) {
    check(label, probability);
    boolean positive = label == 1;
    unordered.get(scenario).add(probability, positive);
    long row = (long) scenario << 1 | (positive ? 1 : 0);
    try {
      byScore.add(RowsByOwner.bits(probability) << (scenarioBits + 1) | row);
      byUser.add(user, scenario, probability, positive);
    } catch (IOException e) {
      throw spillFailed(e);
    }
  }

  /** Returns the metrics of all rows so far. More may be added afterwards. */
  public EvaluationResult result() {
    List<MetricStates> columns = states(scenarios.size() + 1);
    MetricStates all = columns.get(scenarios.size());
    for (int s = 0; s < scenarios.size(); s++) {
      columns.get(s).addUnordered(unordered.get(s));
      all.addUnordered(unordered.get(s));
    }
    try {
      byScore.forEachSorted(
          key -> {
            float score = Float.intBitsToFloat((int) (key >>> (scenarioBits + 1)));
            boolean positive = (key & 1) == 1;
            columns.get(scenario(key)).addByScore(score, positive);
            all.addByScore(score, positive);
          });
      byUser.forEach(new ByUser(columns));
    } catch (IOException e) {
      throw spillFailed(e);
    }
    return new EvaluationResult(
        all.metrics(Metrics.OVERALL),
        IntStream.range(0, scenarios.size())
            .mapToObj(s -> columns.get(s).metrics(scenarios.get(s)))
            .toList(),
        all.bins().bins());
  }

  /** Deletes the temporary files. */
  @Override
  public void close() {
    try (byScore;
        byUser) {
      // Both are closed, even if the first fails.
    } catch (IOException e) {
      throw spillFailed(e);
    }
  }

  private int scenario(long key) {
    return (int) (key >>> 1 & ((1L << scenarioBits) - 1));
  }

  private List<MetricStates> states(int count) {
    return Stream.generate(() -> new MetricStates(metrics)).limit(count).toList();
  }

  static void check(float label, float probability) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new MsrException(
          ErrorType.INTERNAL,
          "evaluation/BAD_PROBABILITY",
          "A prediction is "
              + probability
              + ", not a probability. The model has diverged or a plugin returns something"
              + " other than a logit; lower training.optimizer.learningRate or check the plugin.");
    }
    if (label != 0 && label != 1) {
      throw new MsrException(
          ErrorType.DATA,
          "evaluation/BAD_LABEL",
          "A label is " + label + ". Labels are 0 or 1; prepare the data again.");
    }
  }

  static MsrException spillFailed(IOException e) {
    return new MsrException(
        ErrorType.RESOURCES,
        "evaluation/SPILL",
        "Rows of the evaluation cannot be kept on disk: "
            + FileErrors.reason(e)
            + ". Make room in the folder for temporary files, or choose another with"
            + " LLM4MSR_JAVA_OPTS=-Djava.io.tmpdir=DIR.",
        e);
  }

  /** All of a user's rows, and those of each scenario. */
  private record ByUser(List<MetricStates> columns) implements RowsByOwner.Visitor {

    @Override
    public void row(int column, float score, boolean positive) {
      columns.get(column).addByUser(score, positive);
    }

    @Override
    public void end(int column) {
      columns.get(column).endUser();
    }
  }
}
