package org.llm4msr.plugins.datasets;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toSet;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.llm4msr.api.data.LeftOutRows;

/** Finds the lines of rows in their files. */
final class RowPlaces {

  /** The table of rows that the queries of the reader cannot read. */
  static final String UNREAD = "unread";

  /** How many malformed rows are shown. */
  private static final int SHOWN = 100;

  private static final int PAGE = 100_000;

  private final RawDatabase database;
  private final List<TextRows> texts;
  private final List<Path> files;

  /**
   * Makes the places in a reader's files.
   *
   * @param texts the text files
   * @param files all files
   */
  RowPlaces(RawDatabase database, List<TextRows> texts, List<Path> files) {
    this.database = database;
    this.texts = texts;
    this.files = files;
  }

  private record Found(
      String file, TextRows.Place place, String column, String text, String unread) {}

  /** Returns the rows that the queries of the reader did not read, and those that others find. */
  Optional<LeftOutRows> malformed(List<FoundRows> others) {
    List<FoundRows> all = new ArrayList<>(others);
    if (exists(UNREAD)) {
      String sql =
          "SELECT file_path AS file, line AS n, arg_min(column_name, column_idx) AS name, '' AS text FROM %s JOIN %s USING (scan_id, file_id) GROUP BY ALL"
              .formatted(UNREAD, RawDatabase.scansOf(UNREAD));
      all.add(new FoundRows(sql, false, "", List.of()));
    }
    List<LeftOutRows.Example> examples = examples(all, SHOWN);
    return examples.isEmpty()
        ? Optional.empty()
        : Optional.of(new LeftOutRows("malformed", count(), true, examples));
  }

  /** Returns at most {@code most} rows that queries find, in the order in which files are read. */
  List<LeftOutRows.Example> examples(List<FoundRows> queries, int most) {
    database.run(
        "CREATE OR REPLACE TEMP TABLE found (file VARCHAR, n BIGINT, name VARCHAR, text VARCHAR, read BOOLEAN, unread VARCHAR)",
        List.of(),
        files);
    for (FoundRows rows : queries) {
      database.run(
          "INSERT INTO found SELECT file, n, name, left(text, %s), %s, %s FROM (%s)"
              .formatted(
                  RawErrors.LONGEST_VALUE, rows.read(), Sql.literal(rows.unread()), rows.sql()),
          rows.arrow(),
          files);
    }
    String first =
        "SELECT file, n, read, coalesce(min(name), ''), coalesce(min(text), ''), min(unread) FROM found GROUP BY file, n, read ORDER BY file, n, read LIMIT "
            + most;
    Map<List<String>, List<Found>> byScan =
        database.rows(first, files).stream()
            .map(
                row ->
                    new Found(
                        row.get(0),
                        new TextRows.Place(
                            Long.parseLong(row.get(1)), Boolean.parseBoolean(row.get(2))),
                        row.get(3),
                        row.get(4),
                        row.get(5)))
            .collect(groupingBy(row -> List.of(row.file(), row.unread())));
    return byScan.values().stream()
        .flatMap(this::located)
        .sorted(
            comparing((LeftOutRows.Example row) -> files.indexOf(Path.of(row.file())))
                .thenComparing(LeftOutRows.Example::line))
        .toList();
  }

  private long count() {
    String rows = "SELECT count(*) FROM (SELECT DISTINCT file, n, read FROM found)";
    return Long.parseLong(database.strings(rows, files).get(0));
  }

  /** Locates rows of one scan. */
  private Stream<LeftOutRows.Example> located(List<Found> rows) {
    String file = rows.get(0).file();
    String table = rows.get(0).unread();
    Set<TextRows.Place> wanted = rows.stream().map(Found::place).collect(toSet());
    Map<TextRows.Place, TextRows.Row> places =
        texts.stream()
            .filter(text -> database.told(file).equals(text.file().toString()))
            .findFirst()
            .map(text -> places(text, wanted, table))
            .orElse(Map.of());
    return rows.stream()
        .map(
            row -> {
              TextRows.Row found =
                  places.getOrDefault(
                      row.place(), new TextRows.Row(row.place().number(), row.text(), true));
              return new LeftOutRows.Example(
                  database.told(file),
                  found.line(),
                  row.column(),
                  RawErrors.shortened(found.text()));
            });
  }

  private Map<TextRows.Place, TextRows.Row> places(
      TextRows text, Set<TextRows.Place> wanted, String table) {
    Path from = database.readFrom(text.file());
    return text.find(from, wanted, behind -> unread(table, from, behind));
  }

  /** Returns the rows after a given one that a scan did not read. */
  private List<Long> unread(String table, Path file, long behind) {
    if (!exists(table)) {
      return List.of();
    }
    String next =
        "SELECT DISTINCT line FROM %s JOIN %s USING (scan_id, file_id) WHERE file_path = %s AND line > %s ORDER BY line LIMIT %s"
            .formatted(
                table, RawDatabase.scansOf(table), Sql.literal(file.toString()), behind, PAGE);
    return database.strings(next, files).stream().map(Long::valueOf).toList();
  }

  private boolean exists(String table) {
    String named = "SELECT 1 FROM duckdb_tables() WHERE table_name = " + Sql.literal(table);
    return !database.rows(named, files).isEmpty();
  }
}
