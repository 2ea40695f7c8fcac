package org.llm4msr.plugins.datasets.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Files;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Contexts;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.table.TableConfig.Features;
import org.llm4msr.plugins.datasets.table.TableConfig.Kind;
import org.llm4msr.plugins.datasets.table.TableConfig.TableField;
import org.llm4msr.plugins.datasets.table.TableConfig.TimeUnit;

/** Values that change with time, as of the time of each interaction. */
class TableFeaturesTest extends TableFiles {

  private static final Features BALANCES = features("balances.csv", "who", "balance");

  private record Event(String who, String what, String page, long seconds) {}

  private record Value(String who, String page, long seconds, String value) {}

  /** Few users and moments, so that rows meet at the same instant; files are not sorted. */
  @ParameterizedTest
  @ValueSource(strings = {"csv", "parquet"})
  void aLoopOverAllRowsFindsTheSameValues(String format) throws IOException, SQLException {
    Random random = new Random(7);
    List<Event> events = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      String what = "b" + random.nextInt(9);
      events.add(new Event("u" + random.nextInt(12), what, "p" + random.nextInt(3), at(random)));
    }
    List<Value> balances = values(random, 300);
    List<Value> visits = values(random, 500);
    writeEvents("early.csv", events.subList(0, 400));
    writeEvents("late.csv", events.subList(400, 600));
    writeValues("balances.", format, "who", "updated", 1, "balance", balances);
    writeValues("visits.", format, "reader", "day", 1000, "visits", visits);
    Features ofPage =
        new Features(
            List.of("visits." + format),
            List.of("reader", "page"),
            List.of("who", "page"),
            "day",
            TimeUnit.MILLISECONDS,
            List.of("visits"),
            List.of("none"));
    Map<String, List<String>> parts = new LinkedHashMap<>();
    parts.put("train", List.of("early.csv"));
    parts.put("test", List.of("late.csv"));
    TableConfig config =
        config(
            parts,
            List.of(features("balances." + format, "who", "balance"), ofPage),
            field("page", Kind.CATEGORICAL),
            field("visits", Kind.CATEGORICAL),
            field("balance", Kind.NUMERIC));
    try (DatasetReader reader = reader(config)) {
      List<Map<String, String>> rows = Rows.of(reader, RawTable.INTERACTIONS);
      assertThat(rows).hasSize(events.size());
      int found = 0;
      for (int i = 0; i < rows.size(); i++) {
        Event event = events.get(i);
        String balance = asOf(event, balances, false);
        String visit = asOf(event, visits, true);
        assertThat(rows.get(i))
            .as("row %d", i)
            .containsEntry("user", event.who())
            .containsEntry("item", event.what())
            .containsEntry("time", Long.toString(event.seconds() * 1000))
            .containsEntry("field_page", event.page())
            .containsEntry("field_balance", number(balance))
            .containsEntry("field_visits", visit.equals("none") ? "null" : visit);
        found += balance.equals("null") ? 0 : 1;
      }
      assertThat(found).isBetween(1, rows.size() - 1);
      assertThat(rows.get(0))
          .containsOnlyKeys(
              "user",
              "item",
              "scenario",
              "label",
              "time",
              "split",
              "field_page",
              "field_balance",
              "field_visits");
    }
  }

  private static long at(Random random) {
    return 1_700_000_000L + random.nextInt(40);
  }

  private static List<Value> values(Random random, int rows) {
    List<Value> values = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      // User 3 has no value, and users beyond 11 no interactions.
      int user = random.nextInt(15);
      String value = i % 11 == 0 ? "" : Integer.toString(i);
      values.add(
          new Value("u" + (user == 3 ? 14 : user), "p" + random.nextInt(4), at(random), value));
    }
    Collections.shuffle(values, random);
    return values;
  }

  /** Returns the value of the last row, in the order of the file, of the latest moment. */
  private static String asOf(Event event, List<Value> values, boolean byPage) {
    @Nullable Value best = null;
    for (Value value : values) {
      boolean same =
          value.who().equals(event.who()) && (!byPage || value.page().equals(event.page()));
      if (same
          && value.seconds() <= event.seconds()
          && (best == null || value.seconds() >= best.seconds())) {
        best = value;
      }
    }
    return best == null || best.value().isEmpty() ? "null" : best.value();
  }

  private static String number(String value) {
    return value.equals("null") ? value : Double.toString(Double.parseDouble(value));
  }

  private void writeEvents(String file, List<Event> events) throws IOException {
    List<String> lines = new ArrayList<>(List.of("who,what,page,label,at"));
    events.forEach(
        e -> lines.add("%s,%s,%s,1,%d".formatted(e.who(), e.what(), e.page(), e.seconds())));
    Files.write(folder.resolve(file), lines);
  }

  private void writeValues(
      String file, String format, String key, String time, int unit, String value, List<Value> rows)
      throws IOException, SQLException {
    List<String> lines = new ArrayList<>(List.of("%s,page,%s,%s".formatted(key, time, value)));
    rows.forEach(
        r -> lines.add("%s,%s,%d,%s".formatted(r.who(), r.page(), r.seconds() * unit, r.value())));
    Files.write(folder.resolve(file + "csv"), lines);
    if (!format.equals("csv")) {
      write(
          folder.resolve(file + format),
          "SELECT * FROM read_csv('" + folder.resolve(file + "csv") + "')");
    }
  }

  /** Every later value is marked; none may appear, whatever the order of rows and files. */
  @Test
  void noInteractionSeesALaterValue() throws IOException {
    log("u1,b1,1,100", "u1,b2,0,199", "u1,b3,1,200", "u2,b1,0,100", "u3,b1,1,300");
    balances("u1,200,later", "u1,100,early", "u2,101,later", "u4,1,other");
    try (DatasetReader reader = reader(categorical("balance"))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("field_balance"))
          .containsExactly("early", "early", "later", "null", "null");
      assertThat(reader.leftOut()).isEmpty();
      assertThat(reader.sources())
          .containsExactly(folder.resolve("log.csv"), folder.resolve("balances.csv"));
    }
  }

  @Test
  void ofOneInstantTheLastRowOfTheFilesCounts() throws IOException {
    log("u1,b1,1,100", "u1,b2,0,90");
    balances("u1,100,first", "u1,100,second", "u1,90,");
    Files.writeString(folder.resolve("more.csv"), "who,updated,balance\nu1,100,third\n");
    Features both =
        new Features(
            List.of("balances.csv", "more.csv"),
            List.of("who"),
            List.of(),
            "updated",
            null,
            List.of("balance"),
            List.of());
    TableConfig config =
        config(
            Map.of("train", List.of("log.csv")), List.of(both), field("balance", Kind.CATEGORICAL));
    try (DatasetReader reader = reader(config)) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("field_balance"))
          .containsExactly("third", "null");
    }
  }

  @Test
  void fieldsAreOfAllKindsAndSayWhatTheKeyIs() throws IOException {
    log("u1,b1,1,100", "u2,b1,0,100");
    Files.writeString(folder.resolve("balances.csv"), "who,updated,tags,face\nu1,90,a|b,0.5|1.5\n");
    Files.writeString(folder.resolve("prices.csv"), "what,updated,price\nb1,2023-11-14,7\n");
    Features prices =
        new Features(
            List.of("prices.csv"),
            List.of("what"),
            List.of(),
            "updated",
            TimeUnit.TIMESTAMP,
            List.of("price"),
            List.of());
    TableConfig config =
        config(
            Map.of("train", List.of("log.csv")),
            List.of(features("balances.csv", "who", "tags", "face"), prices),
            field("face", Kind.VECTOR),
            field("price", Kind.NUMERIC),
            field("tags", Kind.MULTI_CATEGORICAL));
    try (DatasetReader reader = reader(config)) {
      assertThat(reader.schema().fields().subList(3, 6))
          .extracting(RawField::name, RawField::table, RawField::role, RawField::kind)
          .containsExactly(
              tuple("face", RawTable.INTERACTIONS, FieldRole.USER, new FieldKind.Vector(2)),
              tuple("price", RawTable.INTERACTIONS, FieldRole.ITEM, new FieldKind.Numeric()),
              tuple(
                  "tags", RawTable.INTERACTIONS, FieldRole.USER, new FieldKind.MultiCategorical()));
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(
              row -> row.get("field_face"),
              row -> row.get("field_price"),
              row -> row.get("field_tags"))
          .containsExactly(
              tuple("[0.5,1.5]", "null", "[\"a\",\"b\"]"), tuple("null", "null", "null"));
    }
  }

  /** Rows that are left out for want of a scenario do not shift the others. */
  @Test
  void valuesStayWithTheirRowsWhereOthersAreLookedUp() throws IOException {
    log("u1,b1,1,100", "u1,b9,0,100", "u1,b2,0,80");
    balances("u1,90,7");
    Files.writeString(folder.resolve("items.csv"), "id,genre\nb1,novel\nb2,travel\n");
    TableConfig config =
        TableSettings.with(
            numeric(),
            "scenario",
            "genre",
            "scenarioTable",
            RawTable.ITEMS,
            "time",
            "at",
            "items",
            new TableConfig.Entities(List.of("items.csv"), "id", List.of(), List.of()));
    try (DatasetReader reader =
        new TableFactory().create(config, Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("scenario") + " " + row.get("field_balance"))
          .containsExactly("novel 7.0", "travel null");
    }
  }

  @Test
  void rowsThatCannotBeReadAreNamed() throws IOException {
    log("u1,b1,1,100");
    balances("u1,90,1", "u1,soon,2");
    assertThatThrownBy(() -> readAll(numeric()))
        .hasMessageContaining(
            "balances.csv, line 3: column 'updated' has 'soon', which is not a number");
    balances("u1,90,1", ",95,2");
    assertThatThrownBy(() -> readAll(numeric()))
        .hasMessageContaining("balances.csv, line 3: column 'who' has '', which is not a value");
    balances("u1,90,1", "u1,95,much");
    assertThatThrownBy(() -> readAll(numeric()))
        .hasMessageContaining(
            "balances.csv, line 3: column 'balance' has 'much', which is not a number");
  }

  /** A value that cannot be read is missing; the row before would be wrong. */
  @Test
  void rowsThatCannotBeReadAreSkipped() throws IOException {
    log("u1,b1,1,100", "u1,b1,1,92");
    balances("u1,90,1", "u1,soon,2", "u1,95,much");
    try (DatasetReader reader =
        new TableFactory().create(numeric(), Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("field_balance"))
          .containsExactly("null", "1.0");
      assertThat(reader.leftOut())
          .extracting(LeftOutRows::reason, LeftOutRows::rows)
          .containsExactly(
              tuple("malformed rows", 1L),
              tuple("descriptions in part: a value that cannot be read is missing", 1L));
    }
  }

  @Test
  void whatCannotBeJoinedIsRefused() throws IOException {
    log("u1,b1,1,100");
    balances("u1,90,1");
    Map<String, List<String>> parts = Map.of("train", List.of("log.csv"));
    refused(
        config(parts, List.of(BALANCES, BALANCES), field("balance", Kind.NUMERIC)),
        "The column balance is listed twice in features");
    refused(
        config(parts, List.of(features("balances.csv", "who", "what"))),
        "The column what is in the features of [balances.csv] and in");
    refused(
        config(
            parts,
            List.of(features("balances.csv", "who", "blance")),
            field("blance", Kind.NUMERIC)),
        "balances.csv has no column blance; its columns are who, updated, balance");
    Features two =
        new Features(
            List.of("balances.csv"),
            List.of("who"),
            List.of("who", "what"),
            "updated",
            null,
            List.of("balance"),
            List.of());
    refused(config(parts, List.of(two)), "name as many columns");
    refused(timeless(), "set time");
  }

  private void refused(TableConfig config, String message) {
    assertThatThrownBy(() -> readAll(config)).hasMessageContaining(message);
  }

  private void log(String... rows) throws IOException {
    Files.writeString(
        folder.resolve("log.csv"), "who,what,label,at\n" + String.join("\n", rows) + "\n");
  }

  private void balances(String... rows) throws IOException {
    Files.writeString(
        folder.resolve("balances.csv"), "who,updated,balance\n" + String.join("\n", rows) + "\n");
  }

  private TableConfig numeric() {
    return config(
        Map.of("train", List.of("log.csv")), List.of(BALANCES), field("balance", Kind.NUMERIC));
  }

  private TableConfig categorical(String column) {
    return config(
        Map.of("train", List.of("log.csv")), List.of(BALANCES), field(column, Kind.CATEGORICAL));
  }

  private static Features features(String file, String key, String... columns) {
    return new Features(
        List.of(file), List.of(key), List.of(), "updated", null, List.of(columns), List.of());
  }

  private static TableConfig timeless() {
    return config(Map.of("train", List.of("log.csv")), null, List.of(BALANCES));
  }

  private static TableConfig config(
      Map<String, List<String>> parts, List<Features> features, TableField... fields) {
    return config(parts, "at", features, fields);
  }

  private static TableConfig config(
      Map<String, List<String>> parts,
      @Nullable String time,
      List<Features> features,
      TableField... fields) {
    return TableSettings.whoWhat(
        "log.csv",
        "files",
        List.of(),
        "parts",
        parts,
        "time",
        time,
        "features",
        features,
        "fields",
        List.of(fields));
  }
}
