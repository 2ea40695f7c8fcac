package org.llm4msr.runtime.data.preparation;

import static java.util.Arrays.asList;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.SplitCounts;

/** A data set of twelve rows, worked by hand: 4:1:1 by time gives 8, 2 and 2. */
public class DatasetPreparationTest {

  @TempDir Path folder;

  /** Rows come out of time order; the last two by time (users dan and eve) test. */
  public static ListReader twelveRows() {
    ListReader reader = new ListReader();
    reader.table(
        RawTable.INTERACTIONS,
        "user",
        asList("eve", "bob", "ann", "bob", "ann", "cat", "ann", "bob", "cat", "ann", "bob", "dan"),
        "item",
        asList("x", "x", "y", "x", "z", "x", "x", "y", "w", "z", "q", "x"),
        "scenario",
        asList("s2", "s1", "s1", "s2", "s1", "s1", "s2", "s1", "s1", "s2", "s1", "s1"),
        "label",
        asList(1L, 1L, 0L, 1L, 1L, 0L, 1L, 1L, 0L, 1L, 0L, 0L),
        "time",
        asList(12L, 2L, 1L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L, 11L),
        "hour",
        asList("9", "9", "9", "8", "8", "7", "8", "9", "9", "5", "8", null),
        "duration",
        asList(5.0, 1.0, 1.0, 3.0, 3.0, 1.0, 3.0, null, 1.0, 100.0, null, 3.0));
    reader.table(
        RawTable.USERS,
        "user",
        asList("ann", "bob", "dan", "zoe"),
        "level",
        asList(3L, 4L, 3L, 9L));
    reader.table(
        RawTable.ITEMS,
        "item",
        asList("x", "y", "z"),
        "title",
        asList("The X", "The Y", ""),
        "tags",
        asList(List.of("a", "b"), asList("b", null, "rare"), List.of()));
    reader.userText = List.of("level");
    reader.itemText = List.of("title", "tags");
    reader.scenarios =
        List.of(new RawScenario("s2", "Second", "two"), new RawScenario("s1", "First", "one"));
    reader
        .field("user", RawTable.INTERACTIONS, new FieldKind.Categorical())
        .field("hour", RawTable.INTERACTIONS, new FieldKind.Categorical())
        .field("duration", RawTable.INTERACTIONS, new FieldKind.Numeric())
        .field("level", RawTable.USERS, new FieldKind.Categorical())
        .field("tags", RawTable.ITEMS, new FieldKind.MultiCategorical());
    return reader;
  }

  /** SQL as text ends at a zero character. */
  @Test
  void keysMayHoldAnyCharacter() {
    String odd = "s\0'\"2";
    ListReader reader = twelveRows();
    reader
        .tables
        .get(RawTable.INTERACTIONS)
        .replaceAll(
            (column, values) ->
                column.equals("scenario")
                    ? values.stream().map(key -> "s2".equals(key) ? odd : key).toList()
                    : values);
    reader.scenarios = List.of();

    PreparedData data =
        Preparations.prepare(
            reader, Preparations.config(Preparations.BY_TIME, 2), folder.resolve("prepared"));

    assertThat(data.manifest().scenarios())
        .extracting(PreparedScenario::key, scenario -> scenario.rows().train())
        .containsExactlyInAnyOrder(tuple("s1", 6L), tuple(odd, 2L));
  }

  @Test
  void encodesWithTheTrainingPartAlone() {
    PreparedData data =
        Preparations.prepare(
            twelveRows(), Preparations.config(Preparations.BY_TIME, 2), folder.resolve("prepared"));
    // Training: times 1 to 8. Users by count then value: ann 3, bob 3, cat 2. Hours: 9 four times,
    // 8 three times, 7 once (below 2). Durations 1, 1, 3, 3, 1, 3, missing, 1: mean 13 / 7.
    // Levels by rows: bob's 4 three times, ann's 3 three times. Tags: b 4 + 2, a 4, rare 2.
    float scaledOne = (float) ((1 - 13 / 7.0) / Math.sqrt(4 / 7.0 * 3 / 7 * 4));
    float scaledThree = (float) ((3 - 13 / 7.0) / Math.sqrt(4 / 7.0 * 3 / 7 * 4));
    assertThat(Preparations.rows(data.sequential(Split.TRAIN, 3)))
        .containsExactly(
            "0 1 0 1 1 " + scaledOne + " 1 [1, 3]",
            "1 1 1 2 1 " + scaledOne + " 2 [2, 1]",
            "1 0 1 2 2 " + scaledThree + " 2 [2, 1]",
            "0 1 1 1 2 " + scaledThree + " 1 [0]",
            "2 1 0 3 0 " + scaledOne + " 0 [2, 1]",
            "0 0 1 1 2 " + scaledThree + " 1 [2, 1]",
            "1 1 1 2 1 0.0 2 [1, 3]",
            "2 1 0 3 1 " + scaledOne + " 0 [0]");
    assertThat(Preparations.rows(data.byUser(Split.TRAIN, 3)))
        .containsExactly(
            "0 1 0 1 1 " + scaledOne + " 1 [1, 3]",
            "0 1 1 1 2 " + scaledThree + " 1 [0]",
            "0 0 1 1 2 " + scaledThree + " 1 [2, 1]",
            "1 1 1 2 1 " + scaledOne + " 2 [2, 1]",
            "1 0 1 2 2 " + scaledThree + " 2 [2, 1]",
            "1 1 1 2 1 0.0 2 [1, 3]",
            "2 1 0 3 0 " + scaledOne + " 0 [2, 1]",
            "2 1 0 3 1 " + scaledOne + " 0 [0]");
    float hundred = (float) ((100 - 13 / 7.0) / Math.sqrt(4 / 7.0 * 3 / 7 * 4));
    assertThat(Preparations.rows(data.sequential(Split.VALIDATION, 3)))
        .containsExactly("0 0 1 1 0 " + hundred + " 1 [0]", "1 1 0 2 2 0.0 2 [0]");
    float five = (float) ((5 - 13 / 7.0) / Math.sqrt(4 / 7.0 * 3 / 7 * 4));
    assertThat(Preparations.rows(data.sequential(Split.TEST, 3)))
        .containsExactly(
            "3 1 0 0 0 " + scaledThree + " 1 [2, 1]", "4 0 1 0 1 " + five + " 0 [2, 1]");
  }

  @Test
  void ofContradictingRowsTheFirstStaysWhereMalformedOnesAreSkipped() throws IOException {
    ListReader repeated = twelveRows();
    repeated.batchRows = 2;
    repeated.table(
        RawTable.USERS,
        "user",
        asList("ann", "bob", "ann", "dan", "ann", "zoe", "bob", "ann"),
        "level",
        asList(3L, 4L, 9L, 3L, 9L, 9L, 4L, 5L));
    repeated.rows = Map.of("ann", IntStream.of(2, 4, 6, 9).mapToObj(Preparations::row).toList());
    DatasetConfig skipping = Preparations.skipping(Preparations.BY_TIME, 2);
    PreparedData once = Preparations.prepare(twelveRows(), skipping, folder.resolve("once"));
    PreparedData twice = Preparations.prepare(repeated, skipping, folder.resolve("twice"));
    Map<String, DatasetManifest.FileStamp> files = new TreeMap<>(twice.manifest().files());
    assertThat(files.remove(LeftOutReport.FILE)).isNotNull();
    assertThat(files).isEqualTo(once.manifest().files());
    assertThat(folder.resolve("twice").resolve(LeftOutReport.FILE))
        .hasContent(
            """
            {"malformed":true,"reason":"users that were described differently before","rows":3}
            {"file":"u.csv","line":4,"column":"user","text":"row 4"}
            {"file":"u.csv","line":6,"column":"user","text":"row 6"}
            {"file":"u.csv","line":9,"column":"user","text":"row 9"}
            """);
  }

  @Test
  void theSameUserOrItemTwiceDoesNoHarm() {
    DatasetConfig config = Preparations.config(Preparations.BY_TIME, 2);
    ListReader repeated = twelveRows();
    for (RawTable table : List.of(RawTable.USERS, RawTable.ITEMS)) {
      repeated
          .tables
          .get(table)
          .replaceAll(
              (name, values) -> {
                List<Object> more = new ArrayList<>(values);
                more.add(values.get(1));
                return more;
              });
    }
    PreparedData once = Preparations.prepare(twelveRows(), config, folder.resolve("once"));
    PreparedData twice = Preparations.prepare(repeated, config, folder.resolve("twice"));
    assertThat(twice.manifest().files()).isEqualTo(once.manifest().files());
  }

  @Test
  void describesUsersItemsAndScenarios() {
    PreparedData data =
        Preparations.prepare(
            twelveRows(), Preparations.config(Preparations.BY_TIME, 2), folder.resolve("prepared"));
    DatasetManifest manifest = data.manifest();
    assertThat(data.userKeys()).containsExactly("ann", "bob", "cat", "dan", "eve");
    assertThat(data.trainingUsers().toString()).isEqualTo("{0, 1, 2}");
    assertThat(manifest.trainingUsers()).isEqualTo(3);
    assertThat(manifest.rows()).isEqualTo(new SplitCounts(8, 2, 2));
    assertThat(manifest.scenarios())
        .containsExactly(
            new PreparedScenario("s2", "Second", "two", new SplitCounts(2, 1, 1)),
            new PreparedScenario("s1", "First", "one", new SplitCounts(6, 1, 1)));
    assertThat(manifest.fields())
        .extracting(PreparedField::vocabularySize)
        .containsExactly(4, 3, 0, 3, 4);

    List<UserHistory> histories = new ArrayList<>();
    data.trainingLog().forEachUser(histories::add);
    assertThat(histories)
        .containsExactly(
            new UserHistory(
                "ann",
                "level: 3",
                List.of(
                    new UserHistory.Event("First", "z", ""),
                    new UserHistory.Event("Second", "x", "The X; a, b"))),
            new UserHistory(
                "bob",
                "level: 4",
                List.of(
                    new UserHistory.Event("First", "x", "The X; a, b"),
                    new UserHistory.Event("Second", "x", "The X; a, b"),
                    new UserHistory.Event("First", "y", "The Y; b, rare"))));
    assertThat(data.trainingLog().users()).isEqualTo(2);
    assertThat(data.trainingLog().scenarioStatistics())
        .containsExactly(
            new ScenarioStatistics(
                "s2", "Second", "two", 2, 2, 1, 2, List.of(2L, 2L), List.of("The X; a, b")),
            new ScenarioStatistics(
                "s1",
                "First",
                "one",
                6,
                3,
                4,
                3,
                List.of(2L, 3L),
                List.of("The X; a, b", "The Y; b, rare")));
  }
}
