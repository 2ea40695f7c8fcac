package org.llm4msr.toolkit.database;

import java.nio.file.Path;
import org.llm4msr.api.Stability;

/** Writes values into SQL. */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class SqlText {

  private SqlText() {}

  /** Returns a text as a literal; a raw zero character would end the SQL. */
  public static String literal(String text) {
    return "'" + text.replace("'", "''").replace("\0", "' || chr(0) || '") + "'";
  }

  /** Returns a quoted identifier. */
  public static String identifier(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /** Returns a literal that names exactly this file, though DuckDB reads patterns. */
  public static String path(Path file) {
    return literal(file.toString().replaceAll("[\\[*?]", "[$0]"));
  }
}
