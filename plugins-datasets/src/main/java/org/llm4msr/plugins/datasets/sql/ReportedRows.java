package org.llm4msr.plugins.datasets.sql;

import static java.util.Comparator.comparing;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.llm4msr.api.data.LeftOutRows;

/**
 * Rows of a reader's files that queries find. Each query gives file, n (the line or row), name (of
 * the column) and text.
 */
final class ReportedRows {

  /** How many characters of a row's text are looked at. */
  static final int MOST_TEXT = Sql.LONGEST_VALUE + 1;

  /** How many malformed rows are shown. */
  private static final int SHOWN = 100;

  private final RawDatabase database;
  private final List<Path> files;

  ReportedRows(RawDatabase database, List<Path> files) {
    this.database = database;
    this.files = files;
  }

  /**
   * Returns the rows that cannot be read, if there are any.
   *
   * @param reason what is left out of what is read, in words
   */
  Optional<LeftOutRows> unreadable(String reason, List<String> queries) {
    List<LeftOutRows.Example> examples = examples(queries, SHOWN);
    String all = "SELECT count(*) FROM (SELECT DISTINCT file, n FROM found)";
    return examples.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new LeftOutRows(
                reason, Long.parseLong(database.strings(all, files).get(0)), true, examples));
  }

  /** Returns at most {@code most} rows, in the order in which files are read. */
  List<LeftOutRows.Example> examples(List<String> queries, int most) {
    database.run(
        "CREATE OR REPLACE TEMP TABLE found (file VARCHAR, n BIGINT, name VARCHAR, text VARCHAR)",
        files);
    for (String query : queries) {
      database.run(
          "INSERT INTO found SELECT file, n, name, left(text, %s) FROM (%s)"
              .formatted(MOST_TEXT, query),
          files);
    }
    String first =
        "SELECT file, n, min(name), min(text) FROM found GROUP BY file, n ORDER BY file, n LIMIT "
            + most;
    return database.rows(first, files).stream()
        .map(
            row ->
                new LeftOutRows.Example(
                    row.get(0), Long.parseLong(row.get(1)), row.get(2), shortened(row.get(3))))
        .sorted(
            comparing((LeftOutRows.Example row) -> files.indexOf(Path.of(row.file())))
                .thenComparing(LeftOutRows.Example::line))
        .toList();
  }

  private static String shortened(String text) {
    return text.length() > Sql.LONGEST_VALUE ? text.substring(0, Sql.LONGEST_VALUE) + "..." : text;
  }
}
