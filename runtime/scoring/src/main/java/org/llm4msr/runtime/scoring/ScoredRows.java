package org.llm4msr.runtime.scoring;

import java.util.List;
import java.util.Locale;

/** What was scored, in words. */
public final class ScoredRows {

  private ScoredRows() {}

  /**
   * Returns a line, and one for each row without a score that is shown.
   *
   * @param out a file, a folder, or its address
   * @param resumedAt rows that an earlier call scored
   * @param malformed rows without a score
   * @param problems what is wrong with the first of them
   */
  public static String text(
      Object out,
      long rows,
      long resumedAt,
      double rowsPerSecond,
      long malformed,
      List<String> problems) {
    String before =
        resumedAt == 0 ? "" : String.format(Locale.ROOT, " (%,d of them before)", resumedAt);
    StringBuilder text =
        new StringBuilder(
            String.format(
                Locale.ROOT, "%s: %,d rows%s, %,.0f rows/s", out, rows, before, rowsPerSecond));
    if (malformed > 0) {
      text.append(
          String.format(
              Locale.ROOT, "%nRows that cannot be read and have no score: %,d", malformed));
      problems.forEach(problem -> text.append("%n  ".formatted()).append(problem));
      if (malformed > problems.size()) {
        text.append("%n  ... The column problem names them all.".formatted());
      }
    }
    return text.toString();
  }
}
