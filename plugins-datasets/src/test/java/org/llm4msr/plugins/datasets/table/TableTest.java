package org.llm4msr.plugins.datasets.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Contexts;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.table.TableConfig.Entities;
import org.llm4msr.plugins.datasets.table.TableConfig.Kind;
import org.llm4msr.plugins.datasets.table.TableConfig.TableField;
import org.llm4msr.plugins.datasets.table.TableConfig.TimeUnit;

class TableTest extends TableFiles {

  @Test
  void readsTheGivenPartsOfDouban() throws IOException {
    Path douban = Rows.shared("douban");
    assumeThat(douban).as("the shared data").exists();
    Map<String, List<String>> parts = new LinkedHashMap<>();
    parts.put("train", List.of("train.csv"));
    parts.put("validation", List.of("val.csv"));
    parts.put("test", List.of("test.csv"));
    TableConfig config =
        TableSettings.of(
            "",
            "files",
            List.of(),
            "parts",
            parts,
            "scenario",
            "domain",
            "scenarioNames",
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
            new TableField(
                "city", null, RawTable.USERS, null, Kind.CATEGORICAL, null, null, List.of()),
            new TableField(
                "kind", null, RawTable.ITEMS, null, Kind.CATEGORICAL, null, null, List.of()));
    TableConfig config =
        TableSettings.whoWhat(
            "log.tsv",
            "delimiter",
            "\\t",
            "label",
            "stars",
            "positiveAbove",
            3.0,
            "time",
            "when",
            "timeUnit",
            TimeUnit.TIMESTAMP,
            "fields",
            fields,
            "users",
            new Entities(List.of("users.tsv"), "who", List.of(), List.of()),
            "items",
            new Entities(List.of("items.tsv"), "id", List.of("name"), List.of()));
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
  void aColumnNamesTheGroupOfEachRow() throws IOException {
    Files.writeString(folder.resolve("log.csv"), "who,what,label,visit\na,b,1,v7\na,c,0,\n");
    TableConfig config = TableSettings.whoWhat("log.csv", "group", "visit");
    try (DatasetReader reader = reader(config)) {
      assertThat(reader.schema().group()).isTrue();
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("group"))
          .containsExactly("v7", "null");
    }
  }

  private static TableConfig weighed() {
    return TableSettings.whoWhat("log.csv", "missingValues", List.of("NULL"), "weight", "watched");
  }

  @Test
  void aColumnSaysHowMuchEachRowCounts() throws IOException {
    Files.writeString(
        folder.resolve("log.csv"),
        "who,what,label,watched\na,b,1,2.5\na,c,0,\na,d,0,NULL\na,e,0,0\n");
    try (DatasetReader reader = reader(weighed())) {
      assertThat(reader.schema().weight()).isTrue();
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("weight"))
          .containsExactly("2.5", "null", "null", "0.0");
    }
    try (DatasetReader reader = reader(threeColumns(List.of("log.csv"), null))) {
      assertThat(reader.schema().weight()).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "-1, a weight of at least 0",
    "nan, a weight of at least 0",
    "inf, a weight of at least 0",
    "1e39, a weight of at least 0",
    "much, a number"
  })
  void aWeightBelowZeroOrOtherThanANumberIsMalformed(String weight, String expected)
      throws IOException {
    Files.writeString(
        folder.resolve("log.csv"), "who,what,label,watched\na,b,1,1\na,c,0," + weight + "\n");
    try (DatasetReader reader = reader(weighed())) {
      assertThatThrownBy(() -> Rows.of(reader, RawTable.INTERACTIONS))
          .hasMessageContaining(
              "log.csv, line 3: column 'watched' has '%s', which is not %s", weight, expected);
    }
    try (DatasetReader reader =
        new TableFactory().create(weighed(), Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS)).hasSize(1);
      assertThat(reader.leftOut()).singleElement().returns(1L, LeftOutRows::rows);
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

  @Test
  void textsOfOneNameAreRefused() throws IOException {
    Files.writeString(folder.resolve("log.csv"), "who,what,label\n1,2,1\n");
    Files.writeString(folder.resolve("users.csv"), "id,user,Text_User\n1,a,b\n");
    Entities users =
        new Entities(List.of("users.csv"), "id", List.of("user", "Text_User"), List.of());

    assertThatThrownBy(() -> reader(config(List.of("log.csv"), null, null, null, users)))
        .hasMessage(
            "[data/TABLE_CONFIG] Two texts of [users.csv] are called 'Text_User' in prompts."
                + " Leave one out, or rename its column in the files. Fix the section dataset.");
  }

  @Test
  void usersOfSeveralFilesAreFoundInTheOrderInWhichTheyAreRead() throws IOException {
    Files.writeString(folder.resolve("log.csv"), "who,what,label\n1,2,1\n");
    Files.writeString(folder.resolve("b.csv"), "id,age\n1,30\n1,old\n,4\n");
    Files.writeString(folder.resolve("a.csv"), "id,age\n2,9\n1,31\n");
    Entities users = new Entities(List.of("b.csv", "a.csv"), "id", List.of(), List.of());
    TableConfig config =
        config(
            List.of("log.csv"),
            null,
            null,
            null,
            users,
            new TableField("age", null, RawTable.USERS, null, Kind.NUMERIC, null, null, List.of()));
    try (DatasetReader reader =
        new TableFactory().create(config, Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.USERS)).hasSize(4);
      assertThat(reader.rowsOf(RawTable.USERS, List.of("1")).get("1"))
          .extracting(row -> Path.of(row.file()).getFileName() + " " + row.line())
          .containsExactly("b.csv 2", "b.csv 3", "a.csv 3");
    }
  }

  /** SQL as text ends at a zero character. */
  @Test
  void aUserWhoseIdHasAZeroCharacterIsFound() throws IOException {
    Files.writeString(folder.resolve("log.csv"), "who,what,label\na\0b,2,1\n");
    Files.writeString(folder.resolve("users.csv"), "id\na\0b\na\0c\na\0b\n");
    Entities users = new Entities(List.of("users.csv"), "id", List.of(), List.of());
    try (DatasetReader reader = reader(config(List.of("log.csv"), null, null, null, users))) {
      assertThat(Rows.of(reader, RawTable.USERS)).hasSize(3);
      assertThat(reader.rowsOf(RawTable.USERS, List.of("a\0b")).get("a\0b"))
          .extracting(LeftOutRows.Example::line)
          .containsExactly(2L, 4L);
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

  @ParameterizedTest
  @ValueSource(strings = {"\n", ""})
  void aLineThatIsTooLongIsRefused(String end) throws IOException {
    String header = "user,item,domain,label,at,tags,price\n";
    Path log = folder.resolve("log.csv");
    Files.writeString(log, header + "1,2,0,1,5," + "a".repeat(1_000_000) + ",3" + end);
    try (DatasetReader reader = reader(simple("log.csv"))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS)).hasSize(1);
    }
    String row = "1,2,0,1,5," + "a".repeat(5_000_000) + ",3";
    Files.writeString(log, header + row + end);
    assertThatThrownBy(() -> read("log.csv"))
        .hasMessage(
            "[data/MALFORMED_ROW] %s, line 2: the line is longer than 2000000 bytes. Fix or remove the row."
                .formatted(log));
    Files.writeString(log, header + row + "\n1,2,0,1,5,a,3" + end);
    assertThatThrownBy(() -> read("log.csv"))
        .hasMessageContaining("data/MALFORMED_ROW")
        .hasMessageContaining(log + ", line 2: the line is longer than 2000000 bytes.");
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
}
