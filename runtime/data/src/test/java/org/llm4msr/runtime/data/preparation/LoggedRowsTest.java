package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.NegativePool;
import org.llm4msr.runtime.config.NegativesConfig;
import org.llm4msr.runtime.config.SplitConfig;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.TextColumn;
import org.llm4msr.runtime.data.prepared.LoggedRows;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedFolder;
import org.llm4msr.runtime.data.prepared.Split;

class LoggedRowsTest {

  private static final Set<Split> ALL = EnumSet.allOf(Split.class);

  @TempDir Path folder;

  private Path prepared() {
    return folder.resolve("prepared");
  }

  /** The rows as texts {@code part user item scenario label time}, with raw keys. */
  private List<String> rows(Set<Split> parts) {
    List<String> items =
        new TextColumn(
            ArrowFile.open(prepared().resolve(PreparedFolder.ITEMS)), PreparedFolder.KEY);
    List<String> rows = new ArrayList<>();
    try (PreparedData data = PreparedData.open(prepared())) {
      List<String> users = data.userKeys();
      List<String> scenarios = data.manifest().scenarioKeys();
      data.loggedRows(parts)
          .forEach(
              (part, user, item, scenario, positive, time, group) ->
                  rows.add(
                      "%s %s %s %s %d %d"
                          .formatted(
                              part.key(),
                              users.get(user),
                              items.get(item),
                              scenarios.get(scenario),
                              positive ? 1 : 0,
                              time)));
    }
    return rows;
  }

  private void prepare(SplitConfig split, NegativesConfig negatives, ListReader reader) {
    DatasetConfig plain = Preparations.config(split, 1);
    DatasetConfig config =
        new DatasetConfig(
            plain.reader(),
            plain.path(),
            plain.scenarios(),
            split,
            1,
            negatives,
            plain.malformed());
    Preparations.prepare(reader, config, prepared()).close();
  }

  @Test
  void positivesAndNegativesOfTheAskedPartsAreVisitedByTime() {
    prepare(Preparations.BY_TIME, Preparations.NO_NEGATIVES, DatasetPreparationTest.twelveRows());
    assertThat(rows(EnumSet.of(Split.TRAIN)))
        .containsExactly(
            "train ann y s1 0 1",
            "train bob x s1 1 2",
            "train bob x s2 1 3",
            "train ann z s1 1 4",
            "train cat x s1 0 5",
            "train ann x s2 1 6",
            "train bob y s1 1 7",
            "train cat w s1 0 8");
    assertThat(rows(ALL))
        .hasSize(12)
        .endsWith(
            "validation ann z s2 1 9",
            "validation bob q s1 0 10",
            "test dan x s1 0 11",
            "test eve x s2 1 12");
  }

  private record Row(String user, String item, long label, Long time, String part) {
    String text() {
      return "%s %s %s s %d %d".formatted(part, user, item, label, time);
    }
  }

  /** Of one time, rows of an earlier part come first, and then those that were raw before. */
  @Test
  void partsOfAnyDivisionAreMergedByTimeAndRowsWithoutTimeLeftOut() {
    SplittableRandom random = new SplittableRandom(4);
    List<Row> log = new ArrayList<>();
    for (int r = 0; r < 3_000; r++) {
      Split part = Split.values()[random.nextInt(3)];
      Long time = random.nextInt(20) == 0 ? null : (long) random.nextInt(300);
      log.add(new Row("u" + random.nextInt(9), "i" + r, random.nextInt(2), time, part.key()));
    }
    ListReader reader =
        new ListReader()
            .table(
                RawTable.INTERACTIONS,
                "user",
                log.stream().map(Row::user).toList(),
                "item",
                log.stream().map(Row::item).toList(),
                "scenario",
                log.stream().map(row -> "s").toList(),
                "label",
                log.stream().map(Row::label).toList(),
                "time",
                log.stream().map(Row::time).toList(),
                "split",
                log.stream().map(Row::part).toList());
    prepare(Preparations.split(SplitConfig.By.GIVEN), Preparations.NO_NEGATIVES, reader);
    for (Set<Split> parts : List.of(ALL, EnumSet.of(Split.TRAIN), EnumSet.of(Split.TEST))) {
      List<String> expected =
          log.stream()
              .filter(row -> row.time() != null && parts.contains(part(row)))
              .sorted(Comparator.comparing(Row::time).thenComparing(LoggedRowsTest::part))
              .map(Row::text)
              .toList();
      assertThat(expected).hasSizeGreaterThan(800);
      assertThat(rows(parts)).isEqualTo(expected);
    }
  }

  private static Split part(Row row) {
    return Split.valueOf(row.part().toUpperCase(Locale.ROOT));
  }

  @Test
  void drawnNegativesAreNoEvents() {
    prepare(Preparations.BY_TIME, Preparations.NO_NEGATIVES, DatasetPreparationTest.twelveRows());
    List<String> logged = rows(ALL);
    folder = folder.resolve("drawn");
    NegativesConfig two =
        new NegativesConfig(1, NegativesConfig.Draw.UNIFORM, NegativePool.EARLIER, 3, 1);
    prepare(Preparations.BY_TIME, two, DatasetPreparationTest.twelveRows());
    try (PreparedData data = PreparedData.open(prepared())) {
      assertThat(data.manifest().rows().total()).isGreaterThan(12);
    }
    assertThat(rows(ALL)).isEqualTo(logged);
  }

  @Test
  void dataWithoutTimeIsRefused() {
    ListReader reader = DatasetPreparationTest.twelveRows();
    reader.tables.get(RawTable.INTERACTIONS).remove("time");
    prepare(Preparations.split(SplitConfig.By.RANDOM), Preparations.NO_NEGATIVES, reader);
    assertThatThrownBy(() -> rows(ALL))
        .hasMessageContaining("data/NO_TIME")
        .hasMessageContaining("a model that reads no history");
  }

  /** Two rows change places in the bytes of the file. */
  @Test
  void aFileThatIsNotSortedIsRefused() throws IOException {
    prepare(Preparations.BY_TIME, Preparations.NO_NEGATIVES, DatasetPreparationTest.twelveRows());
    Path file = prepared().resolve("train.arrow");
    byte[] bytes = Files.readAllBytes(file);
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    while (buffer.getLong(at) != 4 || buffer.getLong(at + 8) != 5) {
      at += 8;
    }
    buffer.putLong(at, 5).putLong(at + 8, 4);
    Files.write(file, bytes);
    assertThatThrownBy(() -> rows(ALL))
        .hasMessageContaining("data/NOT_SORTED")
        .hasMessageContaining("train.arrow: row 4 is older than the row before it");
    try (PreparedData data = PreparedData.open(prepared())) {
      LoggedRows later = data.loggedRows(EnumSet.of(Split.TEST));
      later.forEach((part, user, item, scenario, positive, time, group) -> {});
    }
  }
}
