package org.llm4msr.runtime.data.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.map;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.runtime.config.MalformedConfig.Policy;

/** Rows as programs write them. */
class RowFileTest {

  private static final String HEADER = "user,item,scenario,hour,price,tags\n";
  private static final String ROW = "3,i4,feed,7,9.5,a|b\n";

  private static final List<ScoringColumn> COLUMNS =
      List.of(
          ScoringColumn.id("user"),
          ScoringColumn.id("item"),
          ScoringColumn.id("scenario"),
          new ScoringColumn("hour", "categorical", true),
          new ScoringColumn("price", "numeric", true),
          new ScoringColumn("tags", "multi-categorical", true),
          ScoringColumn.time());

  private static final Map<String, Object> VALUES =
      Map.of(
          "user", "3",
          "item", "i4",
          "scenario", "feed",
          "hour", "7",
          "price", "9.5",
          "tags", List.of("a", "b"));

  private static final String FAULT = "fault";

  @TempDir Path folder;

  private Path csv(String text) throws IOException {
    return Files.writeString(folder.resolve("rows.csv"), HEADER + text);
  }

  private Path parquet(String row) throws SQLException {
    Path file = folder.resolve("rows.parquet");
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement()) {
      statement.execute("COPY (SELECT " + row + ") TO '" + file + "' (FORMAT parquet)");
    }
    return file;
  }

  private List<Map<String, Object>> read(Path file, String... kept) throws IOException {
    return read(file, Policy.STRICT, List.of(kept), 0);
  }

  /** Returns the values of all rows by column, and what is wrong with a row. */
  private List<Map<String, Object>> read(Path file, Policy policy, List<String> kept, long skip)
      throws IOException {
    List<String> names = new ArrayList<>(COLUMNS.stream().map(ScoringColumn::name).toList());
    kept.forEach(name -> names.add(RowFile.keptName(name)));
    List<Map<String, Object>> all = new ArrayList<>();
    try (RowFile rows =
        new RowFile(file, "|", policy, Files.createTempDirectory(folder, "scratch"))) {
      rows.forEach(
          COLUMNS,
          kept,
          skip,
          some -> {
            for (int row = 0; row < some.size(); row++) {
              Map<String, Object> values = new HashMap<>();
              for (String name : names) {
                if (some.has(name, row)) {
                  values.put(name, plain(some.get(name, row)));
                }
              }
              if (some.fault(row) != null) {
                values.put(FAULT, some.fault(row));
              }
              all.add(values);
            }
          });
    }
    return all;
  }

  /** Returns a value with the texts of Java in place of those of Arrow. */
  private static Object plain(Object value) {
    if (value instanceof List<?> list) {
      return list.stream().map(RowFileTest::plain).toList();
    }
    return value == null || value instanceof Number ? value : value.toString();
  }

  private static Map<String, Object> with(String column, Object value) {
    Map<String, Object> row = new HashMap<>(VALUES);
    row.put(column, value);
    return row;
  }

  @ParameterizedTest
  @CsvSource({"gz, gzip", "zst, zstd"})
  void csvMayBeCompressed(String end, String compression) throws IOException, SQLException {
    Path file = folder.resolve("rows.csv." + end);
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement()) {
      statement.execute(
          "COPY (SELECT 3 AS \"user\", 'i4' AS item, 'feed' AS scenario, 7 AS hour, 9.5 AS price, 'a|b' AS tags FROM range(3)) TO '%s' (FORMAT csv, HEADER, COMPRESSION %s)"
              .formatted(file, compression));
    }

    assertThat(read(file)).isEqualTo(List.of(VALUES, VALUES, VALUES));
  }

  /** DuckDB would take # for the beginning of a remark, and ' for a quote. */
  @ParameterizedTest
  @ValueSource(strings = {"#3", "'3'", "3 # x"})
  void idsMayHaveMarksOfOtherDialects(String user) throws IOException {
    List<Map<String, Object>> rows =
        read(csv((user + ROW.substring(1)).repeat(60) + ROW.repeat(40)));

    assertThat(rows).hasSize(100).startsWith(with("user", user)).endsWith(VALUES);
  }

  /** DuckDB looks at 20,480 rows to find out how values are quoted. */
  @Test
  void valuesMayBeQuotedInTheLastRowAlone() throws IOException {
    List<Map<String, Object>> rows =
        read(csv(ROW.repeat(25_000) + "\"3,1\",i4,\"feed\",7,\"9.5\",\"a|b\"\n"));

    assertThat(rows).hasSize(25_001).startsWith(VALUES).endsWith(with("user", "3,1"));
  }

  @Test
  void anEmptyValueIsNone() throws IOException {
    Map<String, Object> empty = new HashMap<>();
    VALUES.keySet().forEach(column -> empty.put(column, null));
    Path file = csv(",,,,,\n" + ROW);

    assertThat(read(file)).containsExactly(empty, VALUES);
    assertThat(read(file, Policy.SKIP, List.of(), 0)).containsExactly(empty, VALUES);
  }

  @ParameterizedTest
  @ValueSource(strings = {"3,i4,feed\n", "3,i4,feed,7,9.5,a,b\n"})
  void aRowOfAnotherWidthIsNamed(String wrong) throws IOException {
    Path file = csv(ROW + wrong + ROW);

    assertThatThrownBy(() -> read(file))
        .hasMessageStartingWith("[data/BAD_ROWS] " + file + " cannot be read: ")
        .hasMessageContainingAll("Line: 3", wrong.strip());
  }

  /** A value with a line break makes two lines one row. */
  @Test
  void rowsOfAnotherWidthAreMarkedWhereTheyAreLeftOut() throws IOException {
    Path file = csv(ROW + "3,i4,feed\n" + ROW + "3,i4,feed,7,9.5,a,b,c\n\"a\nb\",i4,feed,,,\n");

    List<Map<String, Object>> rows = read(file, Policy.SKIP, List.of("user"), 0);

    assertThat(rows)
        .extracting(row -> row.get(FAULT))
        .containsExactly(
            null,
            "3 values, but the header names 6 columns",
            null,
            "8 values, but the header names 6 columns",
            null);
    assertThat(rows.get(2)).isEqualTo(with("kept user", "3"));
    assertThat(rows.get(4))
        .containsEntry("user", "a\nb")
        .containsEntry("hour", null)
        .containsEntry("price", null)
        .containsEntry("tags", null);
  }

  /** All that follows an open quote would be one value, which DuckDB drops in silence. */
  @ParameterizedTest
  @ValueSource(
      strings = {"\"3,i4,feed,7,9.5,a\n", "3,i4,feed,7,9.5,\"a", "\"3\"x,i4,feed,7,9.5,a\n"})
  void aBrokenQuoteIsAnErrorOfTheFile(String broken) throws IOException {
    Path file = csv(ROW + broken + (broken.endsWith("\n") ? ROW : ""));

    assertThatThrownBy(() -> read(file, Policy.SKIP, List.of("user"), 0))
        .hasMessageStartingWith("[data/BAD_ROWS] " + file + " cannot be read: line 3: ")
        .hasMessageContaining("quote");
  }

  @Test
  void aColumnThatIsReadOrKeptStandsOnce() throws IOException {
    Path file = folder.resolve("repeated.csv");
    String twice = HEADER.strip() + ",note,%s\n" + ROW.strip() + ",4,5\n";
    Files.writeString(file, twice.formatted("user"));
    assertThatThrownBy(() -> read(file))
        .hasMessage(
            "[data/REPEATED_COLUMN] %s names the column 'user' more than once. Rename one of them.",
            file);

    Files.writeString(file, twice.formatted("note"));
    assertThatThrownBy(() -> read(file, "note"))
        .hasMessageContaining("names the column 'note' more than once");
    assertThat(read(file)).containsExactly(VALUES);
  }

  /** DuckDB would take "user=me" for a column that has the same value in all rows. */
  @Test
  void foldersAreNoColumns() throws IOException {
    Path place = Files.createDirectories(folder.resolve("user=me/price=1"));
    Path file = Files.writeString(place.resolve("rows.csv"), HEADER + ROW);

    assertThat(read(file)).containsExactly(VALUES);
  }

  @Test
  void whatIsKeptIsAsTheFileHasIt() throws IOException, SQLException {
    Path file =
        parquet(
            "3 AS user, 'i4' AS item, 'feed' AS scenario, 7 AS hour, 12345678::BIGINT AS price,"
                + " 'a|b' AS tags");

    assertThat(read(file, "price", "tags", "user"))
        .singleElement()
        .asInstanceOf(map(String.class, Object.class))
        .containsEntry("price", 12345678.0)
        .containsEntry("tags", List.of("a", "b"))
        .containsEntry("kept price", "12345678")
        .containsEntry("kept tags", "a|b")
        .containsEntry("kept user", "3");
  }

  /** As preparation reads them: a column of numbers has no versions 7 and 7.0. */
  @Test
  void wholeNumbersOfTypedColumnsThatBecameRealAreWhole() throws IOException, SQLException {
    Path file =
        parquet(
            "3.0::DOUBLE AS user, 'i4' AS item, 'feed' AS scenario, 7::FLOAT AS hour, 9.5 AS price,"
                + " [1.0::DOUBLE, 2.5::DOUBLE] AS tags");

    Map<String, Object> expected = with("price", 9.5);
    expected.put("tags", List.of("1", "2.5"));
    assertThat(read(file)).containsExactly(expected);
  }

  @Test
  void anEmptyTextOfATypedColumnStays() throws IOException, SQLException {
    Path file =
        parquet(
            "3 AS user, 'i4' AS item, 'feed' AS scenario, 7 AS hour, '' AS price, ['a', 'b'] AS"
                + " tags");

    assertThat(read(file)).containsExactly(with("price", ""));
  }

  /** 2022-04-15 05:20 in UTC. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "make_timestamp(1650000000000000)",
        "make_timestamp(1650000000000000)::TIMESTAMPTZ",
        "make_timestamp(1650000000000000)::TIMESTAMP_NS",
        "1650000000000::BIGINT",
        "'1650000000000'"
      })
  void timesAreTimestampsOrMilliseconds(String time) throws IOException, SQLException {
    Object read = read(parquet(time + " AS time")).get(0).get("time");

    assertThat(new RawValue("time", 0).number(read)).isEqualTo(1.65e12);
  }

  @Test
  void aFileWithoutALineIsTold() throws IOException {
    Path file = Files.writeString(folder.resolve("empty.csv"), "");

    assertThatThrownBy(() -> read(file)).hasMessageContaining(file + " has no header");
  }

  @Test
  void rowsThatWereReadBeforeAreSkipped() throws IOException {
    String other = "4" + ROW.substring(1);

    assertThat(read(csv(ROW + ROW + other), Policy.STRICT, List.of(), 2))
        .containsExactly(with("user", "4"));
  }
}
