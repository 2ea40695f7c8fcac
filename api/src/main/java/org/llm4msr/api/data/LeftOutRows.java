package org.llm4msr.api.data;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.llm4msr.api.Stability;

/**
 * Rows of the raw files that a reader did not emit, or not in full.
 *
 * @param reason what they are, in words that follow their number
 * @param rows how many they are
 * @param malformed whether they cannot be read; otherwise a rule of the format leaves them out
 * @param examples some of the rows, if they are malformed
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
   * @param file the file, named as in the reader's sources
   * @param line the number of the line, or of the row in a file without lines, from 1
   * @param column the wrong column; empty if the whole row is wrong
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
