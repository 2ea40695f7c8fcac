package org.llm4msr.runtime.data.preparation;

import static java.util.Arrays.asList;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.data.prepared.DatasetManifest.FileStamp;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedFolder;
import org.llm4msr.runtime.data.prepared.TrainingLog;

/** What users had chosen before their first interaction. */
class PastTest {

  private static final DatasetConfig CONFIG = Preparations.config(Preparations.BY_TIME, 2);

  @TempDir Path folder;

  /** Zoe has no rows, and s9 is no scenario; eve has rows of the test part alone. */
  private static ListReader twelveRows() {
    ListReader reader = DatasetPreparationTest.twelveRows();
    reader.past =
        Map.of(
            "user",
            asList("eve", "ann", "zoe", "eve", "bob", "ann"),
            "item",
            asList("m", "y", "x", "x", "x", "m"),
            "scenario",
            asList("s2", "s1", "s1", "s1", "s9", "s1"));
    return reader;
  }

  private static List<UserHistory> histories(TrainingLog log) {
    List<UserHistory> histories = new ArrayList<>();
    log.forEachUser(histories::add);
    assertThat(log.users()).isEqualTo(histories.size());
    return histories;
  }

  private static UserHistory.Event event(String scenario, String item, String text) {
    return new UserHistory.Event(scenario, item, text);
  }

  private static final UserHistory EVE =
      new UserHistory(
          "eve", "", List.of(event("Second", "m", ""), event("First", "x", "The X; a, b")));

  @Test
  void historiesBeginWithIt() {
    PreparedData data = Preparations.prepare(twelveRows(), CONFIG, folder.resolve("prepared"));
    assertThat(histories(data.trainingLog()))
        .containsExactly(
            new UserHistory(
                "ann",
                "level: 3",
                List.of(
                    event("First", "y", "The Y; b, rare"),
                    event("First", "m", ""),
                    event("First", "z", ""),
                    event("Second", "x", "The X; a, b"))),
            new UserHistory(
                "bob",
                "level: 4",
                List.of(
                    event("First", "x", "The X; a, b"),
                    event("Second", "x", "The X; a, b"),
                    event("First", "y", "The Y; b, rare"))),
            EVE);
    TrainingLog oldest =
        new RowsLog(folder.resolve("prepared"), folder.resolve("log"), 256L << 20, 2).oldest(3);
    assertThat(histories(oldest))
        .extracting(UserHistory::user, history -> history.events().size())
        .containsExactly(tuple("ann", 2), tuple("bob", 2), tuple("eve", 2));
  }

  /** It is no interaction: rows, vocabularies and statistics stay. */
  @Test
  void nothingElseChangesButTheItems() {
    PreparedData without =
        Preparations.prepare(
            DatasetPreparationTest.twelveRows(), CONFIG, folder.resolve("without"));
    PreparedData with = Preparations.prepare(twelveRows(), CONFIG, folder.resolve("with"));
    Map<String, FileStamp> before = new TreeMap<>(without.manifest().files());
    Map<String, FileStamp> after = new TreeMap<>(with.manifest().files());
    assertThat(after.remove(PreparedFolder.PAST)).isNotNull();
    assertThat(before).doesNotContainKey(PreparedFolder.PAST);
    for (String changed :
        List.of(
            PreparedFolder.ITEMS,
            PreparedFolder.ITEM_FEATURES,
            "validation.arrow", // Item q has another index.
            "test.arrow")) {
      before.remove(changed);
      after.remove(changed);
    }
    assertThat(after).isEqualTo(before);
    assertThat(without.itemKeys()).containsExactly("w", "x", "y", "z", "q");
    assertThat(with.itemKeys()).containsExactly("w", "x", "y", "z", "m", "q");
    assertThat(with.manifest().items()).isEqualTo(6);
  }

  @Test
  void dataThatIsExtendedKnowsItsItems() {
    Path first = folder.resolve("first");
    Preparations.prepare(twelveRows(), CONFIG, first).close();
    PreparationRequest request =
        new PreparationRequest(
            CONFIG, folder.resolve("extended"), 512L << 20, 2, false, first, "FILE");
    DatasetPreparation.prepare(twelveRows(), request, Progress.NONE);
    PreparedData extended = PreparedData.open(folder.resolve("extended"));
    assertThat(extended.itemKeys()).containsExactly("w", "x", "y", "z", "m", "q");
    assertThat(histories(extended.trainingLog())).hasSize(3).endsWith(EVE);
  }

  @Test
  void rowsWithoutAnItemAreRefused() {
    ListReader reader = twelveRows();
    reader.past =
        Map.of("user", asList("eve"), "item", asList((String) null), "scenario", asList("s1"));
    assertThatThrownBy(() -> Preparations.prepare(reader, CONFIG, folder.resolve("prepared")))
        .hasMessageContaining("data/NULL_ID")
        .hasMessageContaining("Table past has 1 rows with a null user, item or scenario");
  }
}
