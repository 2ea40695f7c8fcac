package org.llm4msr.runtime.evaluation;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.files.FileErrors;

/**
 * Computes the quality of predictions, overall and per scenario. AUC and GAUC are exact for any
 * number of rows in bounded memory: every row becomes one long in each of two external sorts, by
 * score and by user and score. A probability in [0, 1] has float bits below 2^30, which leaves 33
 * bits for user and scenario.
 *
 * <p>For use by one thread. Closing it deletes its temporary files.
 */
public final class Evaluator implements AutoCloseable {

  /** The default number of rows held in memory by each of the two sorts: 64 MiB together. */
  public static final int ROWS_IN_MEMORY = 1 << 22;

  private static final int SCORE_BITS = 30;
  private static final int USER_AND_SCENARIO_BITS = 33;
  private static final long SCORE_MASK = (1L << SCORE_BITS) - 1;

  private final List<String> scenarios;
  private final int scenarioBits;
  private final long mostUsers;
  private final RowSums[] sums;
  private final LongSorter byScore;
  private final LongSorter byUser;

  /**
   * Makes an evaluator that holds {@link #ROWS_IN_MEMORY} rows in memory and others in the folder
   * for temporary files.
   *
   * @param scenarios the scenarios' keys, by rank
   */
  public Evaluator(List<String> scenarios) {
    this(scenarios, null, ROWS_IN_MEMORY);
  }

  /**
   * Makes an evaluator.
   *
   * @param scenarios the scenarios' keys, by rank
   * @param scratch an existing folder for rows that do not fit into memory; null for the default
   *     one for temporary files
   * @param rowsInMemory rows that are held in memory, 16 bytes each
   */
  public Evaluator(List<String> scenarios, @Nullable Path scratch, int rowsInMemory) {
    this.scenarios = List.copyOf(scenarios);
    scenarioBits = Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(0, scenarios.size() - 1));
    mostUsers = 1L << (USER_AND_SCENARIO_BITS - scenarioBits);
    sums = Stream.generate(RowSums::new).limit(scenarios.size()).toArray(RowSums[]::new);
    byScore = new LongSorter(scratch, rowsInMemory);
    byUser = new LongSorter(scratch, rowsInMemory);
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
    check(user, label, probability);
    boolean positive = label == 1;
    sums[scenario].add(probability, positive);
    // Adding 0 makes -0 into 0, whose bits are in range.
    long score = Float.floatToIntBits(probability + 0f);
    long row = (long) scenario << 1 | (positive ? 1 : 0);
    try {
      byScore.add(score << (scenarioBits + 1) | row);
      long userAndScore = (long) user << SCORE_BITS | score;
      // The sign bit belongs to the user: with it flipped, signed order is unsigned order.
      byUser.add((userAndScore << (scenarioBits + 1) | row) ^ Long.MIN_VALUE);
    } catch (IOException e) {
      throw spillFailed(e);
    }
  }

  /** Returns the metrics of all rows so far. More may be added afterwards. */
  public EvaluationResult result() {
    try {
      int count = scenarios.size();
      AucCount[] auc = counts(count + 1);
      byScore.forEachSorted(
          key -> {
            float score = Float.intBitsToFloat((int) (key >>> (scenarioBits + 1)));
            boolean positive = (key & 1) == 1;
            auc[scenario(key)].add(score, positive);
            auc[count].add(score, positive);
          });
      UserGroups users = new UserGroups(count);
      byUser.forEachSorted(key -> users.add(key ^ Long.MIN_VALUE));
      GaucSums[] gauc = users.finish();
      return result(auc, gauc);
    } catch (IOException e) {
      throw spillFailed(e);
    }
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

  private EvaluationResult result(AucCount[] auc, GaucSums[] gauc) {
    RowSums all = new RowSums();
    List<Metrics> rows = new ArrayList<>();
    for (int s = 0; s < scenarios.size(); s++) {
      all.addAll(sums[s]);
      rows.add(Metrics.of(scenarios.get(s), sums[s], auc[s], gauc[s]));
    }
    int last = scenarios.size();
    return new EvaluationResult(
        Metrics.of(Metrics.OVERALL, all, auc[last], gauc[last]), rows, all.calibration());
  }

  private int scenario(long key) {
    return (int) (key >>> 1 & ((1L << scenarioBits) - 1));
  }

  private static AucCount[] counts(int count) {
    return Stream.generate(AucCount::new).limit(count).toArray(AucCount[]::new);
  }

  private void check(int user, float label, float probability) {
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
    if (user < 0 || user >= mostUsers) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "evaluation/TOO_MANY_USERS",
          "User index "
              + user
              + " is beyond what can be evaluated with "
              + scenarios.size()
              + " scenarios: indices must be below "
              + mostUsers
              + ". Evaluate fewer scenarios at a time.");
    }
  }

  private static MsrException spillFailed(IOException e) {
    return new MsrException(
        ErrorType.RESOURCES,
        "evaluation/SPILL",
        "Rows of the evaluation cannot be kept on disk: "
            + FileErrors.reason(e)
            + ". Make room in the folder for temporary files, or choose another with"
            + " LLM4MSR_JAVA_OPTS=-Djava.io.tmpdir=DIR.",
        e);
  }

  /** Rows by user: a user's AUC over all of the user's rows and over those of each scenario. */
  private final class UserGroups {
    private final AucCount[] user;
    private final GaucSums[] totals;
    private final int[] touched;
    private int touchedCount;
    private long current = -1;

    UserGroups(int scenarioCount) {
      user = counts(scenarioCount + 1);
      totals = Stream.generate(GaucSums::new).limit(scenarioCount + 1).toArray(GaucSums[]::new);
      touched = new int[scenarioCount];
    }

    void add(long key) {
      long next = key >>> (SCORE_BITS + scenarioBits + 1);
      if (next != current) {
        endUser();
        current = next;
      }
      float score = Float.intBitsToFloat((int) (key >>> (scenarioBits + 1) & SCORE_MASK));
      boolean positive = (key & 1) == 1;
      int scenario = scenario(key);
      if (user[scenario].rows() == 0) {
        touched[touchedCount++] = scenario;
      }
      user[scenario].add(score, positive);
      user[user.length - 1].add(score, positive);
    }

    GaucSums[] finish() {
      endUser();
      return totals;
    }

    /** Visits only the scenarios of this user: there may be many users and many scenarios. */
    private void endUser() {
      for (int i = 0; i < touchedCount; i++) {
        totals[touched[i]].add(user[touched[i]]);
      }
      touchedCount = 0;
      totals[totals.length - 1].add(user[user.length - 1]);
    }
  }
}
