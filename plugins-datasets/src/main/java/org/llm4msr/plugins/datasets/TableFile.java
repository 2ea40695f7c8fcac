package org.llm4msr.plugins.datasets;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * One file of a table.
 *
 * @param scan the SQL that reads it
 * @param arrow the Arrow inputs that the scan reads beside files
 * @param text its rows, if it is text
 * @param unread the table in which the scan keeps rows that it cannot read; empty if it has none
 */
record TableFile(
    Path file, String scan, List<ArrowInput> arrow, Optional<TextRows> text, String unread) {

  /** Makes a file whose columns have types. */
  static TableFile columnar(Path file, String scan, List<ArrowInput> arrow) {
    return new TableFile(file, scan, arrow, Optional.empty(), "");
  }

  /**
   * Returns a query for the rows that meet a condition.
   *
   * @param column the column to report, in SQL
   * @param text the row as text, in SQL
   */
  FoundRows where(String condition, String column, String text) {
    return new FoundRows(
        "SELECT %s AS file, n, %s AS name, %s AS text FROM (SELECT *, row_number() OVER () AS n FROM %s) WHERE %s"
            .formatted(Sql.literal(file.toString()), column, text, scan, condition),
        text().isPresent(),
        unread,
        arrow);
  }

  /** Describes the place of the n-th row that DuckDB read. */
  String place(long n) {
    return text.flatMap(rows -> rows.find(new TextRows.Place(n, true)))
        .map(row -> "%s, line %d".formatted(file, row.line()))
        .orElse("%s, row %d".formatted(file, n));
  }
}
