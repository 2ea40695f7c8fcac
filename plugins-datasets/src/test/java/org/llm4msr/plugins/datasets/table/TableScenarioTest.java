package org.llm4msr.plugins.datasets.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Contexts;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.table.TableConfig.Entities;

/** Scenarios and labels of users and items, and logs without labels. */
class TableScenarioTest extends TableFiles {

  private static final Entities USERS =
      new Entities(List.of("users.csv"), "id", List.of(), List.of());
  private static final Entities ITEMS =
      new Entities(List.of("items.csv"), "id", List.of(), List.of());

  @BeforeEach
  void writeTables() throws IOException {
    write("log.csv", "who,what,kind,label", "a,x,log,1", "b,y,log,0", "a,y,log,1");
    write("users.csv", "id,plan,liked", "a,free,1", "b,paid,0", "c,free,");
    write("items.csv", "id,kind,stars", "x,book,4.5", "y,film,3", "z,,");
  }

  private void write(String name, String... lines) throws IOException {
    Files.write(folder.resolve(name), List.of(lines));
  }

  private static TableConfig config(
      @Nullable String scenario,
      @Nullable RawTable scenarioTable,
      String label,
      @Nullable RawTable labelTable,
      @Nullable Double positiveAbove) {
    return TableSettings.whoWhat(
        "log.csv",
        "missingValues",
        List.of("none"),
        "scenario",
        scenario,
        "scenarioTable",
        scenarioTable,
        "label",
        label,
        "labelTable",
        labelTable,
        "positiveAbove",
        positiveAbove,
        "users",
        USERS,
        "items",
        ITEMS);
  }

  private static TableConfig kinds() {
    return config("kind", RawTable.ITEMS, "label", null, null);
  }

  /** Returns the settings of {@link #kinds} for other files. */
  private static TableConfig of(
      List<String> files, Map<String, List<String>> parts, Entities items) {
    return TableSettings.with(
        kinds(),
        "files",
        files,
        "parts",
        parts,
        "items",
        items,
        "missingValues",
        List.of(),
        "users",
        null);
  }

  private static List<String> rows(DatasetReader reader) throws IOException {
    return Rows.of(reader, RawTable.INTERACTIONS).stream()
        .map(
            row ->
                String.join(
                    " ", row.get("user"), row.get("item"), row.get("scenario"), row.get("label")))
        .toList();
  }

  /** The log has a column of this name as well. */
  @Test
  void theConfigurationSaysWhichTableGivesTheScenario() throws IOException {
    try (DatasetReader reader = reader(kinds())) {
      assertThat(rows(reader)).containsExactly("a x book 1.0", "b y film 0.0", "a y film 1.0");
      assertThat(rows(reader)).hasSize(3);
    }
    try (DatasetReader reader =
        reader(config("kind", RawTable.INTERACTIONS, "label", null, null))) {
      assertThat(rows(reader)).containsExactly("a x log 1.0", "b y log 0.0", "a y log 1.0");
    }
  }

  @Test
  void usersAndItemsGiveScenarioAndLabel() throws IOException {
    try (DatasetReader reader =
        reader(config("plan", RawTable.USERS, "stars", RawTable.ITEMS, 4.0))) {
      assertThat(reader.schema().labelRule()).isEqualTo("items.stars > 4.0");
      assertThat(rows(reader)).containsExactly("a x free 1", "b y paid 0", "a y free 0");
    }
    try (DatasetReader reader =
        reader(config("kind", RawTable.ITEMS, "liked", RawTable.USERS, null))) {
      assertThat(reader.schema().labelRule()).isEqualTo("users.liked");
      assertThat(rows(reader)).containsExactly("a x book 1.0", "b y film 0.0", "a y film 1.0");
    }
  }

  /** More rows than a batch has, whose items are not in the order of their table. */
  @Test
  void rowsKeepTheirOrder() throws IOException {
    int rows = 150_000;
    write(
        "log.csv",
        IntStream.range(0, rows)
            .mapToObj(i -> "\nu" + i + "," + (i * 7919L % 1000) + ",,1")
            .collect(Collectors.joining("", "who,what,kind,label", "")));
    write(
        "items.csv",
        IntStream.range(0, 1000)
            .mapToObj(i -> "\n" + i + ",k" + i)
            .collect(Collectors.joining("", "id,kind", "")));
    try (DatasetReader reader = reader(kinds())) {
      requireOrder(rows(reader), rows);
    }
    TableConfig parts =
        of(List.of(), Map.of("train", List.of("log.csv"), "test", List.of("log.csv")), ITEMS);
    try (DatasetReader reader = reader(parts)) {
      List<String> read = rows(reader);
      assertThat(read).hasSize(2 * rows);
      requireOrder(read.subList(0, rows), rows);
      requireOrder(read.subList(rows, 2 * rows), rows);
    }
  }

  private static void requireOrder(List<String> read, int rows) {
    List<String> expected =
        IntStream.range(0, rows)
            .mapToObj(i -> "u" + i + " " + i * 7919L % 1000 + " k" + i * 7919L % 1000 + " 1.0")
            .toList();
    assertThat(read).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "arrow"})
  void keysOfOneFormatMeetThoseOfAnother(String format) throws IOException, SQLException {
    write(
        folder.resolve("items." + format),
        "SELECT * FROM (VALUES (7.0::DOUBLE, 'book'), (8, 'film'), (NULL, 'none')) AS t(id, kind) WHERE id IS NOT NULL");
    write("log.csv", "who,what,kind,label", "a,8,,1", "a,7,,0");
    Entities items = new Entities(List.of("items." + format), "id", List.of(), List.of());
    TableConfig config = of(List.of("log.csv"), Map.of(), items);
    try (DatasetReader reader = reader(config)) {
      assertThat(rows(reader)).containsExactly("a 8 film 1.0", "a 7 book 0.0");
      assertThat(Rows.of(reader, RawTable.ITEMS))
          .extracting(row -> row.get("item"))
          .containsExactly("7", "8");
    }
  }

  @Test
  void rowsOfUnknownItemsAndThoseWithoutAScenarioAreNamedOrSkipped() throws IOException {
    Path log = folder.resolve("log.csv");
    write("log.csv", "who,what,kind,label", "a,x,,1", "b,w,,0", "a,z,,1", "b,y,,0");
    assertThatThrownBy(() -> readAll(kinds()))
        .hasMessage(
            "[data/MALFORMED_ROW] %s, line 3: column 'what' has 'w', which is not an item of [items.csv]. Fix or remove the row.",
            log);
    write("log.csv", "who,what,kind,label", "a,x,,1", "a,z,,1", "b,y,,0", "b,w,,0");
    assertThatThrownBy(() -> readAll(kinds()))
        .hasMessage(
            "[data/MALFORMED_ROW] %s, line 3: column 'what' has 'z', which is not an item of [items.csv] with a scenario in column 'kind'. Fix or remove the row.",
            log);
    try (DatasetReader reader =
        new TableFactory().create(kinds(), Contexts.skipping(folder, scratch))) {
      assertThat(rows(reader)).containsExactly("a x book 1.0", "b y film 0.0");
      assertThat(reader.leftOut())
          .singleElement()
          .satisfies(
              group -> {
                assertThat(group.reason()).isEqualTo("malformed rows");
                assertThat(group.rows()).isEqualTo(2);
                assertThat(group.examples())
                    .extracting(LeftOutRows.Example::line, LeftOutRows.Example::column)
                    .containsExactly(tuple(3L, "what"), tuple(5L, "what"));
              });
    }
  }

  @Test
  void anItemOfTwoScenariosIsRefusedOrHasTheFirst() throws IOException {
    write("items.csv", "id,kind,stars", "x,book,1", "y,film,2", "x,,1", "x,song,1", "x,book,1");
    assertThatThrownBy(() -> readAll(kinds()))
        .hasMessageStartingWith(
            "[data/DUPLICATE_KEY] Table items gives 'x' more than one scenario in column 'kind': %s, line or row 2; ",
            folder.resolve("items.csv"))
        .hasMessageContaining("line or row 5");
    try (DatasetReader reader =
        new TableFactory().create(kinds(), Contexts.skipping(folder, scratch))) {
      assertThat(rows(reader)).containsExactly("a x book 1.0", "b y film 0.0", "a y film 1.0");
      assertThat(reader.leftOut())
          .extracting(LeftOutRows::reason, LeftOutRows::rows)
          .containsExactly(
              tuple("items with another scenario in column 'kind', of which the first counts", 1L));
    }
  }

  @Test
  void aWrongLabelOfAnItemIsNamedWhereItStands() throws IOException {
    TableConfig config = config(null, null, "stars", RawTable.ITEMS, null);
    write("items.csv", "id,kind,stars", "x,book,1", "y,film,2", "z,,none");
    assertThatThrownBy(() -> readAll(config))
        .hasMessage(
            "[data/MALFORMED_ROW] %s, line 3: column 'stars' has '2', which is not 0 or 1. Fix or remove the row.",
            folder.resolve("items.csv"));
    try (DatasetReader reader =
        new TableFactory().create(config, Contexts.skipping(folder, scratch))) {
      assertThat(rows(reader)).containsExactly("a x all 1.0");
      assertThat(reader.leftOut()).extracting(LeftOutRows::rows).containsExactly(2L, 1L);
    }
  }

  @Test
  void aLogOfPositivesNeedsNoLabel() throws IOException {
    write("log.csv", "who,what,kind", "a,x,log", "b,y,log");
    try (DatasetReader reader = reader(config("kind", null, "", null, null))) {
      assertThat(reader.schema().labelRule()).isEqualTo("all rows are positives");
      assertThat(rows(reader)).containsExactly("a x log 1", "b y log 1");
    }
    assertThatThrownBy(() -> reader(config("kind", null, "label", null, null)))
        .hasMessage(
            "[data/TABLE_CONFIG] %s has no column label of the label; its columns are who, what, kind. Name the right one, or, if all rows are positives, set label to '' and negatives.perPositive to how many to draw for each. Fix the section dataset.",
            folder.resolve("log.csv"));
  }

  @Test
  void settingsThatContradictEachOtherAreRefused() {
    assertThatThrownBy(() -> reader(config(null, RawTable.ITEMS, "label", null, null)))
        .hasMessageContaining("scenarioTable is items, but there is no column scenario.");
    assertThatThrownBy(() -> reader(config(null, null, "", null, 3.0)))
        .hasMessageContaining(
            "All rows are positives if label is '', so there is no positiveAbove");
    assertThatThrownBy(() -> reader(config("plan", null, "label", null, null)))
        .hasMessageContaining(
            "has no column plan of the scenario, but the table users has: set scenarioTable to users.");
    assertThatThrownBy(() -> reader(config("colour", RawTable.ITEMS, "label", null, null)))
        .hasMessageContaining("items.csv has no column colour; its columns are id, kind, stars.");
  }
}
