package org.llm4msr.api.data;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.llm4msr.api.Stability;

/**
 * Rows of the raw files that a reader did not emit.
 *
 * @param reason what they have in common, in words
 * @param rows how many they are
 * @param malformed whether they cannot be read, rather than left out by the rule of the format
 * @param examples some of them, where they are malformed
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record LeftOutRows(String reason, long rows, boolean malformed, List<Example> examples) {

  public LeftOutRows {
    requireNonNull(reason, "reason is null");
    examples = List.copyOf(examples);
  }

  /**
   * One row.
   *
   * @param file the file as the reader names it among its sources
   * @param line the number of the line, or of the row in a file that has no lines, from 1
   * @param column the column that is wrong; empty where the whole row is
   * @param text the row, or its beginning
   */
  public record Example(String file, long line, String column, String text) {

    public Example {
      requireNonNull(file, "file is null");
      requireNonNull(column, "column is null");
      requireNonNull(text, "text is null");
    }
  }
}
