package org.llm4msr.runtime.scoring;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * The result of scoring a file.
 *
 * @param out the scores
 * @param rows rows in it
 * @param resumedAt rows that a stopped job had scored before
 * @param malformed those of {@code rows} that could not be read and have no score
 * @param problems of the first of them
 * @param unknown how many of the others name a user or an item that the model does not know
 * @param rowsPerSecond rows that this process scored per second; 0 if there were none left
 * @param leakFutureInteractions whether the model was trained with prompts that reveal validation
 *     and test rows, so that metrics of these scores may not measure it
 * @param untimed whether the model reads events of the log and the rows have no times, so that
 *     those of the past also read what came after them
 */
public record ScoringReport(
    Path out,
    long rows,
    long resumedAt,
    long malformed,
    List<RowProblem> problems,
    UnknownIds unknown,
    double rowsPerSecond,
    boolean leakFutureInteractions,
    boolean untimed) {

  /** Most problems that a report has; the column {@code problem} of the scores has all. */
  public static final int MOST_PROBLEMS = 10;

  /**
   * Why a row has no score.
   *
   * @param row its number, from 0
   * @param problem which names the row, and the column and value that are wrong
   */
  public record RowProblem(long row, String problem) {}

  public ScoringReport {
    problems = List.copyOf(problems);
  }

  /** Returns the counts in words, unknown ids, and the problems of rows without a score. */
  public String text() {
    String before =
        resumedAt == 0 ? "" : String.format(Locale.ROOT, " (%,d of them before)", resumedAt);
    StringBuilder text =
        new StringBuilder(
            String.format(
                Locale.ROOT, "%s: %,d rows%s, %,.0f rows/s", out, rows, before, rowsPerSecond));
    String ids = unknown.text(rows - malformed);
    text.append(ids.isEmpty() ? "" : "%n%s".formatted(ids));
    if (malformed > 0) {
      text.append(
          String.format(
              Locale.ROOT, "%nRows that cannot be read and have no score: %,d", malformed));
      problems.forEach(problem -> text.append("%n  ".formatted()).append(problem.problem()));
      if (malformed > problems.size()) {
        text.append("%n  ... The column problem names them all.".formatted());
      }
    }
    return text.toString();
  }
}
