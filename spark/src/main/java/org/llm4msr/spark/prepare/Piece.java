package org.llm4msr.spark.prepare;

import java.io.Serializable;

/**
 * A piece of the log that was read.
 *
 * @param file the number of its file
 * @param start where it begins in that
 * @param rows how many it has
 */
record Piece(int file, long start, long rows) implements Serializable, Comparable<Piece> {

  /** The folder of what is known of rows beside their fields. */
  static final String ROWS = "rows";

  /** The folder of the fields of rows. */
  static final String COLUMNS = "columns";

  /** Returns the name of a file of the piece; names are in the order of the log. */
  static String name(String folder, int file, long start) {
    return String.format(java.util.Locale.ROOT, "%s/piece-%06d-%019d.parquet", folder, file, start);
  }

  @Override
  public int compareTo(Piece other) {
    int byFile = Integer.compare(file, other.file);
    return byFile == 0 ? Long.compare(start, other.start) : byFile;
  }
}
