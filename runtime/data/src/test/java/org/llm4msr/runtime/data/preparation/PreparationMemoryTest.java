package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.llm4msr.runtime.data.preparation.PreparationSpeedTest.column;
import static org.llm4msr.runtime.data.preparation.PreparationSpeedTest.draw;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.NegativePool;
import org.llm4msr.runtime.config.NegativesConfig;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.SplitConfig;
import org.llm4msr.runtime.data.inspection.InspectionRequest;
import org.llm4msr.runtime.data.inspection.LeakCheck;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.TrainingLog;

/** What does not fit into the memory of the database goes to disk, at every step. */
@Tag("slow")
class PreparationMemoryTest {

  private static final int ROWS = 1_000_000;
  private static final int MANY_ROWS = 4_000_000;
  private static final int MANY_ITEMS = 1_000_000;
  private static final long MEMORY = 160L << 20;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(
      value = SplitConfig.By.class,
      names = {"TIME", "RANDOM"})
  void splits(SplitConfig.By by) throws IOException {
    DatasetManifest manifest = prepare(by, Preparations.NO_NEGATIVES);
    assertThat(manifest.rows().total()).isEqualTo(ROWS);

    Path scratch = Files.createDirectory(folder.resolve("scratch"));
    InspectionRequest request = new InspectionRequest(folder.resolve("data"), scratch, MEMORY, 2);
    PreparedSummary summary = PreparedSummary.of(request, Progress.NONE);
    assertThat(summary.checks())
        .filteredOn(check -> check.name().equals("histories"))
        .extracting(LeakCheck::found)
        .containsExactly(0L);
  }

  /** In memory, the lists of rows and of tags, and a sort of items with their texts, take more. */
  @Test
  void manyUsersAndItems() {
    ListReader reader = new ListReader();
    reader.table(
        RawTable.INTERACTIONS,
        "user",
        column(MANY_ROWS, r -> draw(r, 1, 50_000)),
        "item",
        column(MANY_ROWS, r -> draw(r, 2, MANY_ITEMS)),
        "scenario",
        column(MANY_ROWS, r -> "s"),
        "label",
        column(MANY_ROWS, r -> r == 0 ? 0L : 1L),
        "time",
        column(MANY_ROWS, r -> (long) r));
    reader.table(
        RawTable.ITEMS,
        "item",
        column(MANY_ITEMS, r -> (long) r),
        "title",
        column(MANY_ITEMS, r -> "title of the item number " + r),
        "tags",
        column(MANY_ITEMS, r -> List.of("t" + r % 1009, "u" + r % 1013, "v" + r % 1019)));
    reader.itemText = List.of("title");
    reader.field("tags", RawTable.ITEMS, new FieldKind.MultiCategorical());
    reader.batchRows = 65_536;

    DatasetManifest manifest = prepare(reader, SplitConfig.By.TIME, Preparations.NO_NEGATIVES);

    assertThat(manifest.rows().total()).isEqualTo(MANY_ROWS);
  }

  static Stream<NegativesConfig> negatives() {
    return Stream.of(
        new NegativesConfig(2, NegativesConfig.Draw.POPULARITY, NegativePool.PART, 3, 1),
        new NegativesConfig(2, NegativesConfig.Draw.UNIFORM, NegativePool.PART, 3, 1),
        new NegativesConfig(2, NegativesConfig.Draw.POPULARITY, NegativePool.EARLIER, 3, 1),
        new NegativesConfig(2, NegativesConfig.Draw.UNIFORM, NegativePool.near(1), 3, 1));
  }

  @ParameterizedTest
  @MethodSource
  void negatives(NegativesConfig negatives) {
    DatasetManifest manifest = prepare(SplitConfig.By.TIME, negatives);
    assertThat(manifest.rows().total()).isGreaterThan(3 * ROWS / 2);
  }

  @Test
  void logsOfOtherRows() {
    DatasetManifest manifest = prepare(SplitConfig.By.TIME, Preparations.NO_NEGATIVES);
    TrainingLog log = new RowsLog(folder.resolve("data"), folder.resolve("log"), MEMORY, 2).leaky();
    long[] positives = new long[1];
    log.forEachUser(user -> positives[0] += user.events().size());
    assertThat(positives[0]).isEqualTo(positives(manifest));
  }

  private static long positives(DatasetManifest manifest) {
    List<?> labels =
        PreparationSpeedTest.millionRows().tables.get(RawTable.INTERACTIONS).get("label");
    assertThat(manifest.rows().total()).isEqualTo(labels.size());
    return labels.stream().filter(label -> label.equals(1L)).count();
  }

  private DatasetManifest prepare(SplitConfig.By by, NegativesConfig negatives) {
    return prepare(PreparationSpeedTest.millionRows(), by, negatives);
  }

  private DatasetManifest prepare(ListReader reader, SplitConfig.By by, NegativesConfig negatives) {
    DatasetConfig config =
        new DatasetConfig(
            new PluginChoice<>("lists", null, new Preparations.NoSettings()),
            "data",
            List.of(),
            Preparations.split(by),
            2,
            negatives,
            Preparations.STRICT);
    PreparationRequest request =
        new PreparationRequest(config, folder.resolve("data"), MEMORY, 2, false);
    return DatasetPreparation.prepare(reader, request, Progress.NONE).manifest();
  }
}
