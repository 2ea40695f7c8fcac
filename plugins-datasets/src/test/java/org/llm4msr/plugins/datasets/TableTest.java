package org.llm4msr.plugins.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TimeZone;
import java.util.stream.Collectors;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.impl.UnionListWriter;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.ipc.ArrowWriter;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.Text;
import org.duckdb.DuckDBResultSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.TableConfig.Entities;
import org.llm4msr.plugins.datasets.TableConfig.Format;
import org.llm4msr.plugins.datasets.TableConfig.Kind;
import org.llm4msr.plugins.datasets.TableConfig.TableField;
import org.llm4msr.plugins.datasets.TableConfig.TimeUnit;

class TableTest {

  private static final TableField TAGS =
      new TableField("tags", null, RawTable.INTERACTIONS, null, Kind.MULTI_CATEGORICAL);
  private static final TableField PRICE =
      new TableField("price", "cost", RawTable.INTERACTIONS, FieldRole.ITEM, Kind.NUMERIC);

  @TempDir Path folder;
  @TempDir Path scratch;

  @Test
  void readsTheGivenPartsOfDouban() throws IOException {
    Path douban = Rows.shared("douban");
    assumeThat(douban).as("the shared data").exists();
    Map<String, List<String>> parts = new LinkedHashMap<>();
    parts.put("train", List.of("train.csv"));
    parts.put("validation", List.of("val.csv"));
    parts.put("test", List.of("test.csv"));
    TableConfig config =
        new TableConfig(
            List.of(),
            parts,
            Format.AUTO,
            ",",
            "\"",
            "|",
            "user",
            "item",
            "domain",
            "label",
            null,
            null,
            TimeUnit.SECONDS,
            null,
            List.of(),
            null,
            null,
            Map.of("0", "music"));
    try (DatasetReader reader = new TableFactory().create(config, Contexts.of(douban, scratch))) {
      assertThat(reader.schema().split()).isTrue();
      assertThat(reader.schema().time()).isFalse();
      List<Map<String, String>> rows = Rows.of(reader, RawTable.INTERACTIONS);
      assertThat(
              rows.stream()
                  .collect(Collectors.groupingBy(r -> r.get("split"), Collectors.counting())))
          .isEqualTo(Map.of("train", 313_947L, "validation", 39_242L, "test", 39_245L));
      // cut -d, -f2 *.csv | sort -u
      assertThat(rows.stream().map(r -> r.get("user")).distinct()).hasSize(2_690);
      assertThat(reader.scenarios().get(0).name()).isEqualTo("music");
    }
  }

  @Test
  void readsDelimitedTextWithTablesOfUsersAndItems() throws IOException {
    Files.writeString(
        folder.resolve("log.tsv"),
        """
        who\twhat\tstars\twhen\ttags\tprice
        a\tx\t4.5\t2023-05-22 15:53:20\tred|blue\t1.5
        b\ty\t3\t2023-05-22 15:53:21\t\t
        """);
    Files.writeString(folder.resolve("users.tsv"), "who\tcity\na\tParis\n");
    Files.writeString(folder.resolve("items.tsv"), "id\tname\tkind\nx\tThe X\tbook\n");
    List<TableField> fields =
        List.of(
            TAGS,
            PRICE,
            new TableField("city", null, RawTable.USERS, null, Kind.CATEGORICAL),
            new TableField("kind", null, RawTable.ITEMS, null, Kind.CATEGORICAL));
    TableConfig config =
        new TableConfig(
            List.of("log.tsv"),
            Map.of(),
            Format.AUTO,
            "\\t",
            "\"",
            "|",
            "who",
            "what",
            null,
            "stars",
            3.0,
            "when",
            TimeUnit.TIMESTAMP,
            null,
            fields,
            new Entities(List.of("users.tsv"), "who", List.of()),
            new Entities(List.of("items.tsv"), "id", List.of("name")),
            Map.of());
    try (DatasetReader reader = reader(config)) {
      assertThat(reader.schema().labelRule()).isEqualTo("stars > 3.0");
      assertThat(reader.schema().fields())
          .extracting(field -> field.name() + " " + field.role())
          .containsExactly(
              "user_id USER",
              "item_id ITEM",
              "scenario SCENARIO",
              "tags CONTEXT",
              "cost ITEM",
              "city USER",
              "kind ITEM");
      List<Map<String, String>> rows = Rows.of(reader, RawTable.INTERACTIONS);
      assertThat(rows.get(0))
          .containsEntry("label", "1")
          .containsEntry("time", "1684770800000")
          .containsEntry("scenario", "all")
          .containsEntry("field_tags", "[\"red\",\"blue\"]")
          .containsEntry("field_cost", "1.5");
      assertThat(rows.get(1)).containsEntry("label", "0").containsEntry("field_cost", "null");
      assertThat(Rows.of(reader, RawTable.USERS).get(0)).containsEntry("field_city", "Paris");
      assertThat(Rows.of(reader, RawTable.ITEMS).get(0))
          .containsEntry("name", "The X")
          .containsEntry("field_kind", "book");
      assertThat(reader.sources()).hasSize(3);
    }
  }

  @Test
  void readsParquet() throws IOException, SQLException {
    try (var connection = DriverManager.getConnection("jdbc:duckdb:");
        var statement = connection.createStatement()) {
      statement.execute(
          "COPY (SELECT 'u' || i AS user, i AS item, i % 2 AS domain, i % 2 AS label, 1000 + i AS"
              + " at, ['a', 'b'] AS tags, i * 0.5 AS price FROM range(10000) t(i)) TO '"
              + folder.resolve("log.parquet")
              + "' (FORMAT parquet)");
    }
    try (DatasetReader reader = reader(simple("log.parquet"))) {
      List<Map<String, String>> rows = Rows.of(reader, RawTable.INTERACTIONS);
      assertThat(rows).hasSize(10_000);
      assertThat(rows.get(9_999))
          .containsEntry("user", "u9999")
          .containsEntry("label", "1.0")
          .containsEntry("time", "10999000")
          .containsEntry("field_tags", "[\"a\",\"b\"]")
          .containsEntry("field_cost", "4999.5");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "arrow"})
  void rowsOfTypedFilesThatBreakARuleAreNamedOrSkipped(String format)
      throws IOException, SQLException {
    String name = "log." + format;
    Path file = folder.resolve(name);
    List<String> wrong =
        List.of(
            "NULL, 1, '0', '1', 5, 2",
            "'b', NULL, '0', '1', 5, 2",
            "'c', 1, NULL, '1', 5, 2",
            "'d', 1, '0', '2', 5, 2",
            "'e', 1, '0', NULL, 5, 2",
            "'f', 1, '0', 'x', 5, 2",
            "'g', 1, '0', '1', NULL, 2",
            "'h', 1, '0', '1', 1600000000000, 2");
    List<String> columns = List.of("user", "item", "domain", "label", "label", "label", "at", "at");
    List<String> problems =
        List.of(
            "'', which is not a value",
            "'', which is not a value",
            "'', which is not a value",
            "'2', which is not 0 or 1",
            "'', which is not 0 or 1",
            "'x', which is not a number",
            "'', which is not a time before 2200 in seconds since 1970 (dataset.timeUnit)",
            "'1600000000000', which is not a time before 2200 in seconds since 1970 (dataset.timeUnit)");
    String good = "'a', 1, '0', '1', 5, 2";
    for (int i = 0; i < wrong.size(); i++) {
      write(file, List.of(good, wrong.get(i), good));
      String told =
          "[data/MALFORMED_ROW] %s, row 2: column '%s' has %s. Mend or remove the row."
              .formatted(file, columns.get(i), problems.get(i));
      assertThatThrownBy(() -> read(name)).hasMessage(told);
    }
    List<String> all = new ArrayList<>(wrong);
    all.add(good);
    write(file, all);
    try (DatasetReader reader =
        new TableFactory().create(simple(name), Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user"))
          .containsExactly("a");
      assertThat(reader.leftOut())
          .singleElement()
          .satisfies(
              group -> {
                assertThat(group.rows()).isEqualTo(wrong.size());
                assertThat(group.examples())
                    .contains(
                        new LeftOutRows.Example(
                            file.toString(), 6, "label", "f, 1, 0, x, 5, [a], 2.0"))
                    .extracting(LeftOutRows.Example::column)
                    .containsExactlyElementsOf(columns);
              });
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "arrow"})
  void columnsOfSeveralTypedFilesAreJoinedByName(String format) throws IOException, SQLException {
    Path one = folder.resolve("a." + format);
    Path two = folder.resolve("b." + format);
    write(one, "SELECT 'u' AS who, 7 AS what, 1 AS label");
    write(two, "SELECT 0 AS label, 'i' AS what, 'v' AS who");
    TableConfig config = threeColumns(List.of("a." + format, "b." + format), null);
    try (DatasetReader reader = reader(config)) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user") + " " + row.get("item") + " " + row.get("label"))
          .containsExactly("u 7 1.0", "v i 0.0");
    }
    write(two, "SELECT 0 AS label, 'v' AS who");
    assertThatThrownBy(() -> reader(config))
        .hasMessage(
            "[data/DIFFERENT_COLUMNS] %s has the columns [label, who], but %s has [who, what, label]. Files of one table need the same columns.",
            two, one);
  }

  @ParameterizedTest
  @FieldSource("UNREAD")
  void aColumnOfATypeThatIsNotReadIsNamed(ArrowType type, String told) throws IOException {
    Path file = folder.resolve("log.arrow");
    List<Field> columns =
        List.of(
            Field.nullable("who", ArrowType.Utf8.INSTANCE),
            Field.nullable("what", ArrowType.Utf8.INSTANCE),
            Field.nullable("label", new ArrowType.Int(32, true)),
            new Field(
                "more",
                FieldType.nullable(ArrowType.List.INSTANCE),
                List.of(Field.nullable("item", type))));
    try (BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot root = VectorSchemaRoot.create(new Schema(columns), allocator);
        OutputStream out = Files.newOutputStream(file);
        ArrowStreamWriter writer =
            new ArrowStreamWriter(root, new DictionaryProvider.MapDictionaryProvider(), out)) {
      writer.start();
      writer.end();
    }
    assertThatThrownBy(() -> readAll(threeColumns(List.of("log.arrow"), null)))
        .hasMessage(
            "[data/COLUMN_TYPE] %s: column 'more' has the type %s, or leave it out.", file, told);
  }

  private static final List<Arguments> UNREAD =
      List.of(
          Arguments.of(
              new ArrowType.FloatingPoint(FloatingPointPrecision.HALF),
              "FloatingPoint(HALF), which is not read. Write it as float32"),
          Arguments.of(
              ArrowType.Utf8View.INSTANCE, "Utf8View, which is not read. Write it as Utf8"),
          Arguments.of(
              new ArrowType.Decimal(50, 0, 256),
              "Decimal(50, 0, 256), which is not read. Write it as float64"));

  @Test
  void aDecimalOfTooManyDigitsIsNamedWhereItIsRead() throws IOException {
    Path file = folder.resolve("wide_decimal.parquet");
    try (InputStream fixture = TableTest.class.getResourceAsStream("wide_decimal.parquet")) {
      Files.copy(Objects.requireNonNull(fixture), file);
    }
    List<String> files = List.of("wide_decimal.parquet");
    readAll(threeColumns(files, null));
    assertThatThrownBy(() -> readAll(threeColumns(files, null, field("wide", Kind.CATEGORICAL))))
        .hasMessage(
            "[data/COLUMN_TYPE] %s: column 'wide' has the type decimal of 50 digits, which is not read. Write it as float64, or leave it out.",
            file);
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "arrow"})
  void aColumnOfMorePartsThanItsFieldHasIsNamed(String format) throws IOException, SQLException {
    Path file = folder.resolve("log." + format);
    List<String> files = List.of("log." + format);
    write(
        file,
        "SELECT 'u' AS who, 'i' AS what, 1 AS label, 1.5::DECIMAL(5, 2) AS price, [1, 2] AS tags, {'a': 1} AS pair, [[1]] AS deep, [{'a': 1}] AS pairs");
    readAll(threeColumns(files, null, field("price", Kind.CATEGORICAL)));
    readAll(threeColumns(files, null, field("price", Kind.MULTI_CATEGORICAL)));
    readAll(threeColumns(files, null, field("tags", Kind.MULTI_CATEGORICAL)));
    for (String column : List.of("tags", "pair", "deep", "pairs")) {
      assertThatThrownBy(() -> readAll(threeColumns(files, null, field(column, Kind.CATEGORICAL))))
          .hasMessageStartingWith("[data/COLUMN_TYPE] %s: column '%s' has the type ", file, column)
          .hasMessageEndingWith(
              ", which is not read. Write it as one value a row, or leave it out.");
    }
    for (String column : List.of("pair", "deep", "pairs")) {
      assertThatThrownBy(
              () -> readAll(threeColumns(files, null, field(column, Kind.MULTI_CATEGORICAL))))
          .hasMessageEndingWith(
              ", which is not read. Write it as a list of values, or leave it out.");
    }
  }

  /** An id that is a number to one field stays a text to the others. */
  @Test
  void aColumnMayHaveSeveralUses() throws IOException {
    Files.writeString(
        folder.resolve("log.csv"),
        "who,what,label\n007,12345678901234567891,1\n007,12345678901234567892,0\n");
    TableField number = new TableField("what", "number", RawTable.INTERACTIONS, null, Kind.NUMERIC);
    TableField list =
        new TableField("what", "list", RawTable.INTERACTIONS, null, Kind.MULTI_CATEGORICAL);
    TableField user = new TableField("who", "age", RawTable.INTERACTIONS, null, Kind.NUMERIC);
    try (DatasetReader reader =
        reader(threeColumns(List.of("log.csv"), null, number, list, user))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(
              row ->
                  row.get("user")
                      + " "
                      + row.get("item")
                      + " "
                      + row.get("field_number")
                      + " "
                      + row.get("field_list")
                      + " "
                      + row.get("field_age"))
          .containsExactly(
              "007 12345678901234567891 1.2345678901234567E19 [\"12345678901234567891\"] 7.0",
              "007 12345678901234567892 1.2345678901234567E19 [\"12345678901234567892\"] 7.0");
    }
  }

  @Test
  void aColumnThatIsReadStandsOnce() throws IOException {
    Path log = folder.resolve("log.csv");
    Files.writeString(log, "who,what,label,,who,\na,b,1,c,d,\n");
    assertThatThrownBy(() -> readAll(threeColumns(List.of("log.csv"), null)))
        .hasMessage(
            "[data/REPEATED_COLUMN] %s, line 1: the column 'who' stands there more than once. Name one of them otherwise.",
            log);
    Files.writeString(log, "who,what,label,more,more,who_1\na,b,1,c,d,e\n");
    readAll(threeColumns(List.of("log.csv"), null));
  }

  /** DuckDB would take "who=me" for a column that has the same value in all rows. */
  @ParameterizedTest
  @ValueSource(strings = {"csv", "parquet"})
  void foldersAreNoColumns(String format) throws IOException, SQLException {
    Path place = Files.createDirectories(folder.resolve("who=me/label=1/n=7"));
    write(
        place.resolve("log." + format),
        "SELECT * FROM (VALUES ('a', 'x', 0), ('b', 'y', 1)) AS t(who, what, label)");
    try (DatasetReader reader =
        reader(threeColumns(List.of("who=me/label=1/n=7/log." + format), null))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user") + row.get("item") + row.get("label"))
          .containsExactly("ax0.0", "by1.0");
    }
  }

  /** 2 to the 60 plus one, which no double has. */
  @ParameterizedTest
  @ValueSource(strings = {"parquet", "arrow"})
  void idsOfFilesAreOfOneType(String format) throws IOException, SQLException {
    String rows = "SELECT %s AS who, 'x' AS what, %s AS label";
    write(folder.resolve("a." + format), rows.formatted("1152921504606846977", "1"));
    write(folder.resolve("b." + format), rows.formatted("5.0::DOUBLE", "0.0::DOUBLE"));
    write(folder.resolve("c." + format), rows.formatted("5", "0.0::DOUBLE"));
    assertThatThrownBy(() -> readAll(threeColumns(List.of("a." + format, "b." + format), null)))
        .hasMessageStartingWith(
            "[data/COLUMN_TYPE] %s: column 'who' has the type ", folder.resolve("b." + format))
        .hasMessageContaining(", and in " + folder.resolve("a." + format) + " it has ");
    try (DatasetReader reader = reader(threeColumns(List.of("a." + format, "c." + format), null))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user") + " " + row.get("label"))
          .containsExactly("1152921504606846977 1.0", "5 0.0");
    }
  }

  @Test
  void rowsWithoutATimeAreNamed() throws IOException {
    for (String time : List.of("", "infinity")) {
      Files.writeString(folder.resolve("log.csv"), "who,what,label,at\na,b,1," + time + "\n");
      try (DatasetReader reader = reader(threeColumns(List.of("log.csv"), TimeUnit.TIMESTAMP))) {
        assertThatThrownBy(() -> Rows.of(reader, RawTable.INTERACTIONS))
            .hasMessageContainingAll("log.csv, line 2: column 'at' has '", "which is not a time");
      }
    }
  }

  /** Two hours east of Greenwich it is 22 o'clock when it is 20 there. */
  @ParameterizedTest
  @CsvSource({
    "2023-11-14 22:00:00+02:00, 20",
    "2023-11-14 15:00:00-05, 20",
    "2023-11-14T20:00:00Z, 20",
    "2023-11-14 20:00:00, 20",
    "2023-11-14 20:00, 20",
    "2023-11-14, 0"
  })
  void timesWithAZoneAreInstants(String text, int hour) throws IOException {
    Files.writeString(folder.resolve("log.csv"), "who,what,label,at\na,b,1," + text + "\n");
    try (DatasetReader reader = reader(threeColumns(List.of("log.csv"), TimeUnit.TIMESTAMP))) {
      long midnight = LocalDate.of(2023, 11, 14).toEpochDay() * 86_400_000;
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("time"))
          .containsExactly(String.valueOf(midnight + hour * 3_600_000L));
    }
  }

  @Test
  void nothingBetweenTwoSeparatorsIsNoElement() throws IOException {
    Files.writeString(
        folder.resolve("log.csv"), "who,what,label,tags\na,b,1,x||y\nc,d,0,|\ne,f,0,\n");
    try (DatasetReader reader =
        reader(threeColumns(List.of("log.csv"), null, field("tags", Kind.MULTI_CATEGORICAL)))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> String.valueOf(row.get("field_tags")))
          .containsExactly("[\"x\",\"y\"]", "[]", "null");
    }
  }

  private static TableField field(String column, Kind kind) {
    return new TableField(column, null, RawTable.INTERACTIONS, null, kind);
  }

  @Test
  void usersOfSeveralFilesAreFoundInTheOrderInWhichTheyAreRead() throws IOException {
    Files.writeString(folder.resolve("log.csv"), "who,what,label\n1,2,1\n");
    Files.writeString(folder.resolve("b.csv"), "id,age\n1,30\n1,old\n,4\n");
    Files.writeString(folder.resolve("a.csv"), "id,age\n2,9\n1,31\n");
    Entities users = new Entities(List.of("b.csv", "a.csv"), "id", List.of());
    TableConfig config =
        config(
            List.of("log.csv"),
            null,
            null,
            null,
            users,
            new TableField("age", null, RawTable.USERS, null, Kind.NUMERIC));
    try (DatasetReader reader =
        new TableFactory().create(config, Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.USERS)).hasSize(3);
      // The row "1,old" is not read.
      assertThat(reader.rowsOf(RawTable.USERS, List.of("1")).get("1"))
          .extracting(row -> Path.of(row.file()).getFileName() + " " + row.line())
          .containsExactly("b.csv 2", "a.csv 3");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "arrow"})
  void timesWithAZoneDoNotDependOnTheMachines(String format) throws IOException, SQLException {
    String name = "log." + format;
    TimeZone zone = TimeZone.getDefault();
    try {
      TimeZone.setDefault(TimeZone.getTimeZone("Asia/Shanghai"));
      write(
          folder.resolve(name),
          "SELECT 'u' AS who, 7 AS what, 1 AS label, TIMESTAMPTZ '2020-01-01 00:00:00+08' AS at");
      try (DatasetReader reader = reader(threeColumns(List.of(name), TimeUnit.TIMESTAMP))) {
        // date -u -d '2020-01-01 00:00:00+08' +%s
        assertThat(Rows.of(reader, RawTable.INTERACTIONS).get(0))
            .containsEntry("time", "1577808000000");
      }
      assertThatThrownBy(
              () -> {
                try (DatasetReader reader = reader(threeColumns(List.of(name), TimeUnit.SECONDS))) {
                  Rows.of(reader, RawTable.INTERACTIONS);
                }
              })
          .hasMessageContaining("row 1: column 'at' has '2019-12-31 16:00:00+00', which is not")
          .hasMessageContaining("a number");
    } finally {
      TimeZone.setDefault(zone);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "csv"})
  void anEmptyIdAndAnotherPartBreakRules(String format) throws IOException, SQLException {
    Path file = folder.resolve("log." + format);
    write(file, "SELECT '' AS who, 7 AS what, 1 AS label, 'train' AS part");
    TableConfig config = parted(file.getFileName().toString());
    String place = format.equals("csv") ? "line 2" : "row 1";
    assertThatThrownBy(() -> readAll(config)).hasMessageContaining(place + ": column 'who' has ''");
    write(file, "SELECT 'u' AS who, 'nan'::DOUBLE AS what, 1 AS label, 'train' AS part");
    if (format.equals("parquet")) { // In text it may be a name.
      assertThatThrownBy(() -> readAll(config))
          .hasMessageContaining(place + ": column 'what' has 'nan', which is not a value");
    } else {
      readAll(config);
    }
    write(file, "SELECT 'u' AS who, 7 AS what, 1 AS label, 'dev' AS part");
    assertThatThrownBy(() -> readAll(config))
        .hasMessageContaining(
            place + ": column 'part' has 'dev', which is not one of [train, validation, test].");
  }

  private void readAll(TableConfig config) throws IOException {
    try (DatasetReader reader = reader(config)) {
      Rows.of(reader, RawTable.INTERACTIONS);
    }
  }

  private static TableConfig threeColumns(
      List<String> files, @Nullable TimeUnit unit, TableField... fields) {
    return config(files, unit == null ? null : "at", unit, null, null, fields);
  }

  private static TableConfig parted(String file) {
    return config(List.of(file), null, null, "part", null);
  }

  private static TableConfig config(
      List<String> files,
      @Nullable String time,
      @Nullable TimeUnit unit,
      @Nullable String part,
      @Nullable Entities users,
      TableField... fields) {
    return new TableConfig(
        files,
        Map.of(),
        Format.AUTO,
        ",",
        "\"",
        "|",
        "who",
        "what",
        null,
        "label",
        null,
        time,
        unit == null ? TimeUnit.SECONDS : unit,
        part,
        List.of(fields),
        users,
        null,
        Map.of());
  }

  /** Writes rows of user, item, domain, label, at and price. */
  private static void write(Path file, List<String> rows) throws IOException, SQLException {
    String query =
        "SELECT u::VARCHAR AS user, i::BIGINT AS item, d::VARCHAR AS domain, l::VARCHAR AS label, t::BIGINT AS at, ['a'] AS tags, p::DOUBLE AS price FROM (VALUES ("
            + String.join("), (", rows)
            + ")) v(u, i, d, l, t, p)";
    write(file, query);
  }

  private static void write(Path file, String query) throws IOException, SQLException {
    try (var connection = DriverManager.getConnection("jdbc:duckdb:");
        var statement = connection.createStatement()) {
      if (!file.toString().endsWith(".arrow")) {
        statement.execute("COPY (" + query + ") TO '" + file + "'");
        return;
      }
      try (BufferAllocator allocator = new RootAllocator();
          ArrowReader batches =
              (ArrowReader)
                  statement
                      .executeQuery(query)
                      .unwrap(DuckDBResultSet.class)
                      .arrowExportStream(allocator, 100);
          OutputStream out = Files.newOutputStream(file);
          ArrowWriter writer = new ArrowStreamWriter(batches.getVectorSchemaRoot(), batches, out)) {
        while (batches.loadNextBatch()) {
          writer.writeBatch();
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "stream"})
  void readsArrowFilesAndStreams(String kind) throws IOException {
    writeArrow(folder.resolve("log.arrow"), kind.equals("file"));
    try (DatasetReader reader = reader(simple("log.arrow"))) {
      for (int pass = 0; pass < 2; pass++) {
        List<Map<String, String>> rows = Rows.of(reader, RawTable.INTERACTIONS);
        assertThat(rows).hasSize(3_000);
        assertThat(rows.get(2_999))
            .containsEntry("user", "u999")
            .containsEntry("item", "999")
            .containsEntry("time", "999000")
            .containsEntry("field_tags", "[\"t0\",\"t1\",\"t2\"]")
            .containsEntry("field_cost", "499.5");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", ""})
  void aLineThatIsTooLongIsRefused(String end) throws IOException {
    String header = "user,item,domain,label,at,tags,price\n";
    Path log = folder.resolve("log.csv");
    Files.writeString(log, header + "1,2,0,1,5," + "a".repeat(1_000_000) + ",3" + end);
    try (DatasetReader reader = reader(simple("log.csv"))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS)).hasSize(1);
    }
    String row = "1,2,0,1,5," + "a".repeat(50_000_000) + ",3";
    Files.writeString(log, header + row + end);
    assertThatThrownBy(() -> read("log.csv"))
        .hasMessage(
            "[data/MALFORMED_ROW] %s: the last line is longer than 16 MB. Mend or remove the line."
                .formatted(log));
    Files.writeString(log, header + row + "\n1,2,0,1,5,a,3" + end);
    assertThatThrownBy(() -> read("log.csv"))
        .hasMessageContaining("data/MALFORMED_ROW")
        .hasMessageContaining(log + ": line 2 is longer than 16 MB");
  }

  private void read(String name) throws IOException {
    try (DatasetReader reader = reader(simple(name))) {
      Rows.of(reader, RawTable.INTERACTIONS);
    }
  }

  @Test
  void problemsAreNamedWithTheirPlace() throws IOException {
    Path log = folder.resolve("log.csv");
    Files.writeString(log, "user,item,domain,label,at,tags,price\n1,2,0,1,5,a|b,cheap\n");
    try (DatasetReader reader = reader(simple("log.csv"))) {
      assertThatThrownBy(() -> Rows.of(reader, RawTable.INTERACTIONS))
          .hasMessageContaining(
              log + ", line 2: column 'price' has 'cheap', which is not a number.");
    }
    Files.writeString(log, "user,item,domain,label,at,tags\n1,2,0,1,5,a|b\n");
    assertThatThrownBy(() -> reader(simple("log.csv")))
        .hasMessageContaining("no column price; its columns are user, item, domain, label, at");
    Files.writeString(log, "user,item,domain,label,At,tags,price\n");
    assertThatThrownBy(() -> reader(simple("log.csv")))
        .hasMessageContaining("no column at;")
        .hasMessageContaining("Capitals count: it has At.");
    assertThatThrownBy(() -> reader(simple("other.csv")))
        .hasMessageContaining("There is no file " + folder.resolve("other.csv"));
    Files.writeString(folder.resolve("log.arrow"), "this is not Arrow");
    assertThatThrownBy(() -> reader(simple("log.arrow")))
        .hasMessageContaining("data/UNREADABLE")
        .hasMessageContaining("log.arrow");
  }

  private static TableConfig simple(String file) {
    return new TableConfig(
        List.of(file),
        Map.of(),
        Format.AUTO,
        ",",
        "\"",
        "|",
        "user",
        "item",
        "domain",
        "label",
        null,
        "at",
        TimeUnit.SECONDS,
        null,
        List.of(TAGS, PRICE),
        null,
        null,
        Map.of());
  }

  private DatasetReader reader(TableConfig config) {
    return new TableFactory().create(config, Contexts.of(folder, scratch));
  }

  /** Three record batches of a thousand rows. */
  private static void writeArrow(Path file, boolean fileFormat) throws IOException {
    try (BufferAllocator allocator = new RootAllocator();
        VarCharVector user = new VarCharVector("user", allocator);
        BigIntVector item = new BigIntVector("item", allocator);
        BigIntVector domain = new BigIntVector("domain", allocator);
        BigIntVector label = new BigIntVector("label", allocator);
        BigIntVector at = new BigIntVector("at", allocator);
        ListVector tags = ListVector.empty("tags", allocator);
        Float8Vector price = new Float8Vector("price", allocator)) {
      for (int i = 0; i < 1_000; i++) {
        user.setSafe(i, new Text("u" + i));
        item.setSafe(i, i);
        domain.setSafe(i, i % 3);
        label.setSafe(i, i % 2);
        at.setSafe(i, i);
        price.setSafe(i, i * 0.5);
      }
      UnionListWriter writer = tags.getWriter();
      for (int i = 0; i < 1_000; i++) {
        writer.setPosition(i);
        writer.startList();
        for (int t = 0; t < i % 4; t++) {
          writer.writeVarChar(new Text("t" + t));
        }
        writer.endList();
      }
      writer.setValueCount(1_000);
      VectorSchemaRoot root = VectorSchemaRoot.of(user, item, domain, label, at, tags, price);
      root.setRowCount(1_000);
      try (FileChannel channel =
              FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          OutputStream stream = Channels.newOutputStream(channel);
          ArrowWriter out =
              fileFormat
                  ? new ArrowFileWriter(root, null, channel)
                  : new ArrowStreamWriter(root, null, stream)) {
        for (int batch = 0; batch < 3; batch++) {
          out.writeBatch();
        }
        out.end();
      }
    }
  }
}
