package org.llm4msr.runtime.data.preparation;

import static java.util.Arrays.asList;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.SplitConfig;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.SplitCounts;

class SplitPlanTest {

  @TempDir Path folder;

  @Test
  void cutsByShares() {
    // 225,026 * 4 / 6 = 150,017.3 and 225,026 * 5 / 6 = 187,521.7
    assertThat(SplitPlan.cut(225_026, List.of(4.0, 1.0, 1.0)))
        .isEqualTo(new SplitCounts(150_017, 37_504, 37_505));
    assertThat(SplitPlan.cut(10, List.of(0.8, 0.1, 0.1))).isEqualTo(new SplitCounts(8, 1, 1));
    assertThat(SplitPlan.cut(100, List.of(0.7, 0.2, 0.1))).isEqualTo(new SplitCounts(70, 20, 10));
    assertThat(SplitPlan.cut(5, List.of(4.0, 1.0, 1.0))).isEqualTo(new SplitCounts(3, 1, 1));
    assertThat(SplitPlan.cut(0, List.of(4.0, 1.0, 1.0))).isEqualTo(new SplitCounts(0, 0, 0));
  }

  private static ListReader days() {
    long day = 86_400_000L;
    return new ListReader()
        .table(
            RawTable.INTERACTIONS,
            "user",
            asList("a", "b", "c", "d", "e", "f"),
            "item",
            asList("x", "x", "x", "x", "x", "x"),
            "scenario",
            asList("s", "s", "s", "s", "s", "s"),
            "label",
            asList(1L, 0L, 1L, 0L, 1L, 0L),
            "time",
            asList(2 * day, day - 1, 0L, day, 2 * day - 1, day),
            "split",
            asList("test", "train", "validation", "train", "test", "train"));
  }

  private List<String> users(SplitConfig split, Split part) {
    Path target = folder.resolve("prepared" + folder.toFile().list().length);
    try (PreparedData data = Preparations.prepare(days(), Preparations.config(split, 1), target)) {
      List<String> keys = new ArrayList<>();
      Batch batch = data.sequential(part, 10).newBatch();
      data.sequential(part, 10).next(batch);
      for (int i = 0; i < batch.size; i++) {
        keys.add(data.userKeys().get(batch.user[i]));
      }
      return keys;
    }
  }

  @Test
  void cutsByDate() {
    SplitConfig split =
        new SplitConfig(
            SplitConfig.By.TIME,
            List.of(4.0, 1.0, 1.0),
            "1970-01-02",
            "1970-01-02T23:59:59.999Z",
            0);
    assertThat(users(split, Split.TRAIN)).containsExactly("c", "b");
    assertThat(users(split, Split.VALIDATION)).containsExactly("d", "f");
    assertThat(users(split, Split.TEST)).containsExactly("e", "a");
  }

  /** Eight o'clock in Shanghai is midnight in UTC. */
  @Test
  void equalDatesLeaveNoValidation() {
    SplitConfig split =
        new SplitConfig(
            SplitConfig.By.TIME, List.of(4.0, 1.0, 1.0), "1970-01-02T08:00+08:00", "1970-01-02", 0);
    assertThat(users(split, Split.TRAIN)).containsExactly("c", "b");
    assertThat(users(split, Split.VALIDATION)).isEmpty();
    assertThat(users(split, Split.TEST)).containsExactly("d", "f", "e", "a");
  }

  /**
   * Of 12 rows 8, 2 and 2; of 5 rows 3 (3.3), 1 (to 4.2) and 1; of 2 rows 1 (1.3), none (to 1.7)
   * and 1; of one row one for training, though .7 rounds to none. Rows of one instant stay in the
   * order of the files.
   */
  @Test
  void cutsTheTimeOfEachUser() {
    List<String> users = new ArrayList<>();
    List<String> items = new ArrayList<>();
    List<Long> times = new ArrayList<>();
    rows("many", List.of(9L, 1L, 5L, 3L, 3L, 7L, 2L, 8L, 6L, 4L, 11L, 10L), users, items, times);
    rows("some", List.of(50L, 20L, 30L, 10L, 40L), users, items, times);
    rows("two", List.of(2L, 1L), users, items, times);
    rows("one", List.of(99L), users, items, times);
    ListReader reader =
        new ListReader()
            .table(
                RawTable.INTERACTIONS,
                "user",
                users,
                "item",
                items,
                "scenario",
                users.stream().map(u -> "s").toList(),
                "label",
                users.stream().map(u -> u.equals("one") ? 0L : 1L).toList(),
                "time",
                times);
    SplitConfig split = Preparations.split(SplitConfig.By.USER_TIME);
    PreparedData data =
        Preparations.prepare(reader, Preparations.config(split, 1), folder.resolve("prepared"));

    assertThat(data.manifest().rows()).isEqualTo(new SplitCounts(13, 3, 4));
    assertThat(data.manifest().splitRule()).isEqualTo("each user's time 4:1:1");
    assertThat(keys(data, Split.TRAIN))
        .containsExactly(
            "many", "two", "many", "many", "many", "many", "many", "many", "many", "some", "some",
            "some", "one");
    assertThat(keys(data, Split.VALIDATION)).containsExactly("many", "many", "some");
    assertThat(keys(data, Split.TEST)).containsExactly("two", "many", "many", "some");
  }

  private static void rows(
      String user, List<Long> at, List<String> users, List<String> items, List<Long> times) {
    for (long time : at) {
      users.add(user);
      items.add("i" + time);
      times.add(time * 1000);
    }
  }

  private static List<String> keys(PreparedData data, Split part) {
    Batch batch = data.sequential(part, 20).newBatch();
    data.sequential(part, 20).next(batch);
    return IntStream.range(0, batch.size)
        .mapToObj(i -> data.userKeys().get(batch.user[i]))
        .toList();
  }

  @Test
  void takesThePublishersParts() {
    SplitConfig split = Preparations.split(SplitConfig.By.GIVEN);
    assertThat(users(split, Split.TRAIN)).containsExactly("b", "d", "f");
    assertThat(users(split, Split.VALIDATION)).containsExactly("c");
    assertThat(users(split, Split.TEST)).containsExactly("e", "a");
  }

  @Test
  void drawsAtRandomButRepeatably() throws IOException {
    ListReader reader = new ListReader();
    List<String> users = new ArrayList<>();
    List<Long> labels = new ArrayList<>();
    for (int i = 0; i < 6000; i++) {
      users.add("u" + i);
      labels.add(i % 2L);
    }
    reader.table(
        RawTable.INTERACTIONS,
        "user",
        users,
        "item",
        users,
        "scenario",
        users.stream().map(u -> "s").toList(),
        "label",
        labels);
    reader.field("user", RawTable.INTERACTIONS, new FieldKind.Categorical());
    reader.batchRows = 1000;
    SplitConfig split = Preparations.split(SplitConfig.By.RANDOM);
    PreparedData data =
        Preparations.prepare(reader, Preparations.config(split, 1), folder.resolve("a"));
    assertThat(data.manifest().rows()).isEqualTo(new SplitCounts(4000, 1000, 1000));
    assertThat(Preparations.inspect(folder.resolve("a"), folder.resolve("scratch")).parts())
        .allMatch(part -> part.from() == null && part.to() == null);
    List<String> train = data.userKeys().subList(0, 4000);
    // 4,000 of the first 3,000 and the last 3,000 users in equal shares: 2,000 +- 18.
    long early = train.stream().filter(key -> Integer.parseInt(key.substring(1)) < 3000).count();
    assertThat(early).isBetween(1900L, 2100L);
    SplitConfig other = new SplitConfig(split.by(), split.ratio(), null, null, 8);
    PreparedData second =
        Preparations.prepare(reader, Preparations.config(other, 1), folder.resolve("b"));
    assertThat(second.userKeys().subList(0, 4000)).isNotEqualTo(train);
  }
}
