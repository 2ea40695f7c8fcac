package org.llm4msr.plugins.datasets.sql;

import java.nio.file.Path;
import org.llm4msr.toolkit.database.SqlText;

/**
 * One file of a table as a query reads it, once.
 *
 * @param rows the SQL that reads it, with a column {@link TableInput#LINE}
 * @param row the whole row as text, in SQL
 * @param unit what the rows are counted in: line or row
 */
record FileScan(Path file, String rows, String row, String unit) {

  /**
   * Returns a query for the rows that meet a condition: file, n, name and text.
   *
   * @param name the column to report, in SQL
   */
  String where(String condition, String name) {
    return "SELECT %s AS file, %s AS n, %s AS name, %s AS text FROM %s WHERE %s"
        .formatted(SqlText.literal(file.toString()), TableInput.LINE, name, row, rows, condition);
  }
}
