package org.llm4msr.toolkit.database;

import java.nio.file.Path;
import org.llm4msr.api.Stability;

/** Writes values into SQL. */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class SqlText {

  /** Below this, a real number tells which whole number it was. */
  private static final long EXACT = 1L << 53;

  private SqlText() {}

  /** Returns a text as a literal; a raw zero character would end the SQL. */
  public static String literal(String text) {
    return "'" + text.replace("'", "''").replace("\0", "' || chr(0) || '") + "'";
  }

  /** Returns a quoted identifier. */
  public static String identifier(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /**
   * Returns the text of a real number, in SQL: that of the whole number if it is one, since
   * programs turn whole numbers into real ones where one of them is missing. NaN becomes null.
   */
  public static String ofReal(String number) {
    return "CASE WHEN %1$s = trunc(%1$s) AND abs(%1$s) < %2$d THEN %1$s::BIGINT::VARCHAR WHEN NOT isnan(%1$s) THEN %1$s::VARCHAR END"
        .formatted(number, EXACT);
  }

  /** Returns a literal that names exactly this file, though DuckDB reads patterns. */
  public static String path(Path file) {
    return literal(file.toString().replaceAll("[\\[*?]", "[$0]"));
  }
}
