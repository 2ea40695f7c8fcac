package org.llm4msr.runtime.scoring;

import java.util.Collection;
import java.util.Set;
import org.llm4msr.runtime.data.rows.ScoringColumn;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds rows without a time, of which a model that reads the log also reads what came after. */
public final class UntimedRows {

  /** What that means. */
  public static final String MEANING =
      "the model reads events of the log, and the rows have no column time: each counts as of now."
          + " Rows of the past also read what came after them, so that metrics of their scores are"
          + " too good; give them their time.";

  private static final Logger LOG = LoggerFactory.getLogger(UntimedRows.class);

  private UntimedRows() {}

  /**
   * Returns whether rows that are given as columns are such.
   *
   * @param columns those that the model reads
   * @param present those of the rows
   */
  public static boolean are(Collection<ScoringColumn> columns, Set<String> present) {
    boolean hasPasts =
        columns.stream().anyMatch(column -> column.isHistory() && present.contains(column.name()));
    return !hasPasts
        && columns.stream().anyMatch(column -> column.isTime() && !present.contains(column.name()));
  }

  /** Warns of such rows, and returns whether they are; {@code source} is what they are called. */
  public static boolean warn(
      Object source, Collection<ScoringColumn> columns, Set<String> present) {
    boolean untimed = are(columns, present);
    if (untimed) {
      LOG.warn("{}: {}", source, MEANING);
    }
    return untimed;
  }
}
