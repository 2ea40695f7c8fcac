package org.llm4msr.runtime.config.loading;

import java.util.Comparator;

/**
 * Where a value was written.
 *
 * @param layer which of the merged sources, from 0; a later one overrides an earlier one
 * @param source the file as the user named it, {@code -D}, or {@code default}
 * @param line from 1, or 0 if there is none
 * @param column from 1, or 0 if there is none
 */
public record Origin(int layer, String source, int line, int column) {

  /** A value that nobody wrote. */
  public static final Origin DEFAULT = new Origin(-1, "default", 0, 0);

  static final Comparator<Origin> READING_ORDER =
      Comparator.comparingInt(Origin::layer)
          .thenComparing(Origin::source)
          .thenComparingInt(Origin::line)
          .thenComparingInt(Origin::column);

  @Override
  public String toString() {
    return line == 0 || layer < 0 ? source : source + ":" + line + ":" + column;
  }
}
