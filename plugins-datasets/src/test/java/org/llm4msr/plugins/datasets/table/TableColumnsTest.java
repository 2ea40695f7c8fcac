package org.llm4msr.plugins.datasets.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Contexts;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.table.TableConfig.Kind;
import org.llm4msr.plugins.datasets.table.TableConfig.TableField;

/** Columns and their types. */
class TableColumnsTest extends TableFiles {

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

  private static TableConfig vectors(String file) {
    TableField sound =
        new TableField(
            "sound", null, RawTable.INTERACTIONS, null, Kind.VECTOR, null, null, List.of());
    return threeColumns(List.of(file), null, sound);
  }

  /** A vector has as many numbers as the first; a missing one is null. */
  @Test
  void readsVectors() throws IOException, SQLException {
    Files.writeString(
        folder.resolve("log.csv"), "who,what,label,sound\na,1,1,\nb,2,0,0.5|-1e3|2\n");
    try (var connection = DriverManager.getConnection("jdbc:duckdb:");
        var statement = connection.createStatement()) {
      statement.execute(
          "COPY (SELECT * FROM (VALUES ('a', 1, 1, NULL), ('b', 2, 0, [0.5::FLOAT, -1000, 2])) t(who,"
              + " what, label, sound)) TO '"
              + folder.resolve("log.parquet")
              + "' (FORMAT parquet)");
    }
    for (String file : List.of("log.csv", "log.parquet")) {
      try (DatasetReader reader = reader(vectors(file))) {
        assertThat(reader.schema().fields().get(3).kind()).isEqualTo(new FieldKind.Vector(3));
        List<Map<String, String>> rows = Rows.of(reader, RawTable.INTERACTIONS);
        assertThat(rows.get(0)).containsEntry("field_sound", "null");
        assertThat(rows.get(1)).containsEntry("field_sound", "[0.5,-1000.0,2.0]");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.5|1|2|3", "0.5", "0.5|x|2"})
  void otherListsThanVectorsAreNamed(String list) throws IOException {
    Path file = folder.resolve("log.csv");
    Files.writeString(file, "who,what,label,sound\na,1,1,1|2|3\nb,2,0," + list + "\n");
    int count = list.split("\\|").length;

    assertThatThrownBy(() -> readAll(vectors("log.csv")))
        .hasMessage(
            "[data/MALFORMED_ROW] %s, line 3: column 'sound' has '%d values: [%s]', which is not a list of 3 numbers. Fix or remove the row."
                .formatted(file, count, list.replace("|", ", ")));
  }

  @Test
  void aColumnWithoutVectorsIsRefused() throws IOException {
    Files.writeString(folder.resolve("log.csv"), "who,what,label,sound\na,1,1,\n");

    assertThatThrownBy(() -> readAll(vectors("log.csv")))
        .hasMessageContaining(
            "[data/TABLE_CONFIG] The column sound of the field sound has no vector.");
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
      String message =
          "[data/MALFORMED_ROW] %s, row 2: column '%s' has %s. Fix or remove the row."
              .formatted(file, columns.get(i), problems.get(i));
      assertThatThrownBy(() -> read(name)).hasMessage(message);
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
    Path first = folder.resolve("a." + format);
    Path second = folder.resolve("b." + format);
    write(first, "SELECT 'u' AS who, 7 AS what, 1 AS label");
    write(second, "SELECT 0 AS label, 'i' AS what, 'v' AS who");
    TableConfig config = threeColumns(List.of("a." + format, "b." + format), null);
    try (DatasetReader reader = reader(config)) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user") + " " + row.get("item") + " " + row.get("label"))
          .containsExactly("u 7 1.0", "v i 0.0");
    }
    write(second, "SELECT 0 AS label, 'v' AS who");
    assertThatThrownBy(() -> reader(config))
        .hasMessage(
            "[data/DIFFERENT_COLUMNS] %s has the columns [label, who], but %s has [who, what, label]. Files of one table need the same columns.",
            second, first);
  }

  @ParameterizedTest
  @FieldSource("UNREAD")
  void aColumnOfATypeThatIsNotReadIsNamed(ArrowType type, String rule) throws IOException {
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
            "[data/COLUMN_TYPE] %s: column 'more' has the type %s, or leave it out.", file, rule);
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
              ", which is not read. Write it as one value per row, or leave it out.");
    }
    for (String column : List.of("pair", "deep", "pairs")) {
      assertThatThrownBy(
              () -> readAll(threeColumns(files, null, field(column, Kind.MULTI_CATEGORICAL))))
          .hasMessageEndingWith(
              ", which is not read. Write it as a list of values, or leave it out.");
    }
  }

  private static TableField sharing(String name, @Nullable String vocabulary) {
    return new TableField(
        "what",
        name,
        RawTable.INTERACTIONS,
        null,
        Kind.MULTI_CATEGORICAL,
        null,
        null,
        List.of(),
        vocabulary,
        null,
        List.of(),
        List.of(),
        null,
        null);
  }

  /** Ids are known by the names of their columns, unless a field has that name. */
  @Test
  void fieldsShareTheVocabulariesThatTheyName() throws IOException {
    Files.writeString(folder.resolve("log.csv"), "who,what,label\na,b,1\n");
    TableConfig config =
        threeColumns(
            List.of("log.csv"),
            null,
            sharing("seen", "item"),
            sharing("user", null),
            sharing("friend", "user"),
            sharing("word", "words"));
    try (DatasetReader reader = reader(config)) {
      assertThat(reader.schema().fields())
          .extracting(RawField::name, RawField::vocabulary)
          .containsExactly(
              tuple("user_id", null),
              tuple("item_id", null),
              tuple("scenario", null),
              tuple("seen", "item_id"),
              tuple("user", null),
              tuple("friend", "user"),
              tuple("word", "words"));
    }
  }

  /** An id that is a number to one field stays a text to the others. */
  @Test
  void aColumnMayHaveSeveralUses() throws IOException {
    Files.writeString(
        folder.resolve("log.csv"),
        "who,what,label\n007,12345678901234567891,1\n007,12345678901234567892,0\n");
    TableField number =
        new TableField(
            "what", "number", RawTable.INTERACTIONS, null, Kind.NUMERIC, null, null, List.of());
    TableField list =
        new TableField(
            "what",
            "list",
            RawTable.INTERACTIONS,
            null,
            Kind.MULTI_CATEGORICAL,
            null,
            null,
            List.of());
    TableField user =
        new TableField(
            "who", "age", RawTable.INTERACTIONS, null, Kind.NUMERIC, null, null, List.of());
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
            "[data/REPEATED_COLUMN] %s, line 1: the column 'who' occurs more than once. Rename"
                + " one of them.",
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
}
