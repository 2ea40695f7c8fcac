package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.NegativePool;
import org.llm4msr.runtime.config.NegativesConfig;
import org.llm4msr.runtime.config.SplitConfig;
import org.llm4msr.runtime.data.keys.RowGroups;
import org.llm4msr.runtime.data.keys.RowKeys;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedFolder;
import org.llm4msr.runtime.data.prepared.Split;

/** The groups of rows, from the reader to the prepared files. */
class GroupsTest {

  private static final DatasetConfig GIVEN =
      Preparations.config(Preparations.split(SplitConfig.By.GIVEN), 1);

  @TempDir Path folder;

  /** Both users have a visit v; a row has none or an empty one. */
  private static ListReader reader(boolean groups) {
    ListReader reader = new ListReader();
    List<Object> columns =
        new ArrayList<>(
            List.of(
                RawSchema.USER,
                List.of("a", "a", "b", "a", "b", "a", "b"),
                RawSchema.ITEM,
                List.of("1", "2", "3", "4", "5", "6", "7"),
                RawSchema.SCENARIO,
                List.of("s", "s", "s", "s", "s", "s", "s"),
                RawSchema.LABEL,
                List.of(1L, 0L, 1L, 0L, 1L, 1L, 0L),
                RawSchema.SPLIT,
                List.of("test", "train", "train", "train", "train", "test", "test")));
    if (groups) {
      columns.add(RawSchema.GROUP);
      columns.add(Arrays.asList("w", "v", "v", "v", null, "v", ""));
    }
    return reader.table(RawTable.INTERACTIONS, columns.toArray());
  }

  private DatasetManifest prepare(ListReader reader, DatasetConfig config) {
    return DatasetPreparation.prepare(
            reader, Preparations.request(config, folder.resolve("data"), 2), Progress.NONE)
        .manifest();
  }

  private List<String> groups(Split split, int rows) {
    RowGroups groups = RowGroups.of(folder.resolve("data"), split);
    RowKeys keys = RowKeys.of(folder.resolve("data"), split);
    return LongStream.range(0, rows)
        .mapToObj(row -> keys.item(row) + " " + groups.of(row) + " " + keys.group(row))
        .toList();
  }

  @Test
  void areTheRowsOfOneUserWithOneValueNumberedByTheirFirstRow() {
    assertThat(prepare(reader(true), GIVEN).groups()).isEqualTo(3);

    assertThat(groups(Split.TRAIN, 4)).containsExactly("2 1 v", "3 2 v", "4 1 v", "5 0 null");
    assertThat(groups(Split.TEST, 3)).containsExactly("1 3 w", "6 1 v", "7 0 null");
  }

  @Test
  void dataWithoutThemHasNone() {
    assertThat(prepare(reader(false), GIVEN).groups()).isZero();

    assertThat(groups(Split.TRAIN, 1)).containsExactly("2 0 null");
    assertThat(RowGroups.of(folder.resolve("data"), Split.TEST).any()).isFalse();
    assertThat(folder.resolve("data").resolve(PreparedFolder.GROUPS)).doesNotExist();
  }

  /** What was prepared from the same files before there were groups stays as it is. */
  @Test
  void doNotChangeTheKey() {
    String before = prepare(reader(false), GIVEN).key();

    DatasetManifest kept = prepare(reader(true), GIVEN);

    assertThat(kept.key()).isEqualTo(before);
    assertThat(kept.groups()).isZero();
  }

  @Test
  void drawnNegativesAreOfTheGroupOfTheirPositive() {
    DatasetConfig drawing =
        new DatasetConfig(
            GIVEN.reader(),
            GIVEN.path(),
            GIVEN.scenarios(),
            GIVEN.split(),
            1,
            new NegativesConfig(1, NegativesConfig.Draw.POPULARITY, NegativePool.EARLIER, 3, 1),
            GIVEN.malformed());

    DatasetManifest manifest = prepare(reader(true), drawing);

    assertThat(manifest.rows().test()).isEqualTo(5);
    List<String> test = groups(Split.TEST, 5);
    assertThat(test.get(0)).isEqualTo("1 3 w");
    assertThat(test.get(1)).endsWith(" 3 w").isNotEqualTo("1 3 w");
    assertThat(test.get(2)).isEqualTo("6 1 v");
    assertThat(test.get(3)).endsWith(" 1 v").isNotEqualTo("6 1 v");
  }
}
