package org.llm4msr.plugins.datasets.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Contexts;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.sql.SqlDatasetReader;
import org.llm4msr.plugins.datasets.table.TableConfig.Entities;
import org.llm4msr.plugins.datasets.table.TableConfig.Kind;
import org.llm4msr.plugins.datasets.table.TableConfig.TableField;
import org.slf4j.LoggerFactory;

/** Cells without a value, values that cannot be read, and whole numbers that were made real. */
class TableMissingTest extends TableFiles {

  private static TableConfig config(
      String log,
      @Nullable Double positiveAbove,
      List<String> missing,
      @Nullable Entities items,
      TableField... fields) {
    return TableSettings.whoWhat(
        log,
        "missingValues",
        missing,
        "positiveAbove",
        positiveAbove,
        "items",
        items,
        "fields",
        List.of(fields));
  }

  private static TableField item(String column, Kind kind, String... missing) {
    return new TableField(column, null, RawTable.ITEMS, null, kind, null, null, List.of(missing));
  }

  private static Entities items(String file, String... missing) {
    return new Entities(List.of(file), "id", List.of("title"), List.of(missing));
  }

  private void write(String name, String... lines) throws IOException {
    Files.write(folder.resolve(name), List.of(lines));
  }

  private List<Map<String, String>> rows(TableConfig config, RawTable table) throws IOException {
    try (DatasetReader reader = reader(config)) {
      return Rows.of(reader, table);
    }
  }

  @Test
  void cellsOfAllKindsAreMissing() throws IOException {
    write("log.csv", "who,what,label,price,tags,sound,place", "a,x,1,3.5,red|blue,1|2,home");
    List<String> cells =
        List.of(
            "a,x,0,NULL,NULL,NULL,NULL",
            "a,x,0,Unknown,red|Unknown|blue,Unknown,Unknown",
            "a,x,0,,,,");
    Files.write(folder.resolve("log.csv"), cells, StandardOpenOption.APPEND);
    TableField[] fields = {
      field("price", Kind.NUMERIC),
      field("tags", Kind.MULTI_CATEGORICAL),
      field("sound", Kind.VECTOR),
      field("place", Kind.CATEGORICAL)
    };

    List<Map<String, String>> rows =
        rows(
            config("log.csv", null, List.of("Unknown", "NULL"), null, fields),
            RawTable.INTERACTIONS);

    assertThat(rows.get(0))
        .containsEntry("field_price", "3.5")
        .containsEntry("field_tags", "[\"red\",\"blue\"]")
        .containsEntry("field_sound", "[1.0,2.0]")
        .containsEntry("field_place", "home");
    assertThat(rows.get(1)).containsEntry("field_tags", "null");
    assertThat(rows.get(2)).containsEntry("field_tags", "[\"red\",\"blue\"]");
    assertThat(rows.get(3)).containsEntry("field_tags", "null");
    for (Map<String, String> row : rows.subList(1, 4)) {
      assertThat(row)
          .containsEntry("field_price", "null")
          .containsEntry("field_sound", "null")
          .containsEntry("field_place", "null");
    }
    assertThatThrownBy(() -> readAll(config("log.csv", null, List.of("NULL"), null, fields)))
        .hasMessageContaining("line 4: column 'price' has 'Unknown', which is not a number.");
  }

  /** A user called none has a name in the table of items alone. */
  @Test
  void cellsAreMissingByFileAndByColumn() throws IOException {
    write("log.csv", "who,what,label,place", "none,x,1,none", "b,y,0,-");
    write("items.csv", "id,title,kind,colour", "x,none,none,none", "y,-,-,-");
    TableConfig config =
        config(
            "log.csv",
            null,
            List.of(),
            items("items.csv", "none"),
            field("place", Kind.CATEGORICAL),
            item("kind", Kind.CATEGORICAL),
            item("colour", Kind.CATEGORICAL, "-"));

    assertThat(rows(config, RawTable.INTERACTIONS))
        .extracting(row -> row.get("user") + " " + row.get("field_place"))
        .containsExactly("none none", "b -");
    assertThat(rows(config, RawTable.ITEMS))
        .extracting(
            row -> row.get("title") + " " + row.get("field_kind") + " " + row.get("field_colour"))
        .containsExactly("null null null", "- - null");
  }

  @Test
  void usersLabelsAndRatingsAreNotMissing() throws IOException {
    write("log.csv", "who,what,label", "a,x,4", "NULL,x,5");
    assertThatThrownBy(() -> readAll(config("log.csv", 3.0, List.of("NULL"), null)))
        .hasMessageContaining("line 3: column 'who' has 'NULL', which is not a value.");
    write("log.csv", "who,what,label", "a,x,4", "b,x,-1");
    assertThatThrownBy(() -> readAll(config("log.csv", 3.0, List.of("-1"), null)))
        .hasMessageContaining("line 3: column 'label' has '-1', which is not a number.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "arrow"})
  void cellsOfTypedColumnsAreMissing(String format) throws IOException, SQLException {
    write(
        folder.resolve("log." + format),
        "SELECT * FROM (VALUES ('a', 'x', 1, -1, -1::DOUBLE, ['NULL', 'b'], 0.1::FLOAT), ('b', 'x', 0, 5, 2.5, NULL, 0.3)) AS t(who, what, label, age, price, tags, share)");
    List<Map<String, String>> rows =
        rows(
            config(
                "log." + format,
                null,
                List.of("-1", "NULL", "0.3"),
                null,
                field("age", Kind.CATEGORICAL),
                field("price", Kind.NUMERIC),
                field("tags", Kind.MULTI_CATEGORICAL),
                field("share", Kind.NUMERIC)),
            RawTable.INTERACTIONS);

    assertThat(rows.get(0))
        .containsEntry("field_age", "null")
        .containsEntry("field_price", "null")
        .containsEntry("field_tags", "[\"b\"]")
        .containsEntry("field_share", String.valueOf((double) 0.1f));
    assertThat(rows.get(1))
        .containsEntry("field_age", "5")
        .containsEntry("field_price", "2.5")
        .containsEntry("field_share", "null");
  }

  @Test
  void aDescriptionKeepsWhatCanBeRead() throws IOException {
    write("log.csv", "who,what,label", "a,x,1", "a,y,0");
    write(
        "items.csv",
        "id,title,price,sound",
        "x,The X,cheap,1|2",
        "y,The Y,5,1|2|3",
        "z,The Z,dear,high",
        ",Nameless,1,1|2");
    TableConfig config =
        config(
            "log.csv",
            null,
            List.of(),
            items("items.csv"),
            item("price", Kind.NUMERIC),
            item("sound", Kind.VECTOR));
    assertThatThrownBy(() -> rows(config, RawTable.ITEMS))
        .hasMessageContaining(
            "items.csv, line 2: column 'price' has 'cheap', which is not a number.");

    try (DatasetReader reader =
        new TableFactory().create(config, Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.ITEMS))
          .extracting(
              row -> row.get("title") + " " + row.get("field_price") + " " + row.get("field_sound"))
          .containsExactly("The X null [1.0,2.0]", "The Y 5.0 null", "The Z null null");
      List<LeftOutRows> leftOut = reader.leftOut();
      assertThat(leftOut)
          .extracting(LeftOutRows::reason, LeftOutRows::rows, LeftOutRows::malformed)
          .containsExactly(
              tuple("malformed rows", 1L, true),
              tuple("descriptions in part: a value that cannot be read is missing", 3L, true));
      assertThat(leftOut.get(1).examples())
          .extracting(
              LeftOutRows.Example::line, LeftOutRows.Example::column, LeftOutRows.Example::text)
          .containsExactly(
              tuple(2L, "price", "x,The X,cheap,1|2"),
              tuple(3L, "sound", "y,The Y,5,1|2|3"),
              tuple(4L, "price", "z,The Z,dear,high"));
    }
  }

  /** As pandas writes them if a cell is empty; 2 to the 53 and more is no longer exact. */
  @ParameterizedTest
  @ValueSource(strings = {"parquet", "arrow"})
  void wholeNumbersThatWereMadeRealAreWhole(String format) throws IOException, SQLException {
    write(
        folder.resolve("log." + format),
        """
        SELECT who::DOUBLE AS who, what, label, age::DOUBLE AS age, tags, age::FLOAT AS price
        FROM (VALUES (1, 7, 1, '30', [1::DOUBLE, NULL, 'nan'::DOUBLE, 2.5]),
          (-2, 8, 0, 'nan', NULL), (9007199254740991, 7, 0, NULL, []), (0, 7, 0, '1.5', [-0.0])) AS t(who, what, label, age, tags)
        """);
    write("items.csv", "id,title", "7,Seven");

    List<Map<String, String>> rows =
        rows(
            config(
                "log." + format,
                null,
                List.of(),
                items("items.csv"),
                field("age", Kind.CATEGORICAL),
                field("tags", Kind.MULTI_CATEGORICAL),
                field("price", Kind.NUMERIC)),
            RawTable.INTERACTIONS);

    assertThat(rows)
        .extracting(
            row ->
                "%s %s %s %s"
                    .formatted(
                        row.get("user"),
                        row.get("field_age"),
                        row.get("field_tags"),
                        row.get("field_price")))
        .containsExactly(
            "1 30 [\"1\",null,null,\"2.5\"] 30.0",
            "-2 null null NaN",
            "9007199254740991 null [] null",
            "0 1.5 [\"0\"] 1.5");
  }

  @Test
  void wholeNumbersOfTextsThatWereMadeRealAreTold() throws IOException {
    write("log.csv", "who,what,label,price", "1.0,x,1,2.0", ",x,0,3.0", "12.0,y,0,4.0");
    Logger log = (Logger) LoggerFactory.getLogger(SqlDatasetReader.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    log.addAppender(lines);
    try (DatasetReader reader =
        new TableFactory()
            .create(
                config("log.csv", null, List.of(), null, field("price", Kind.NUMERIC)),
                Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user"))
          .containsExactly("1.0", "12.0");
    } finally {
      log.detachAppender(lines);
    }
    assertThat(lines.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .containsExactly(
            folder.resolve("log.csv")
                + ": column 'who' has values such as '12.0': whole numbers that a program made real, as pandas does if a cell is empty. They are read as texts, so that '5.0' is not '5'. Write whole numbers, in pandas after astype('Int64').");
  }
}
