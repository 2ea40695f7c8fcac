package org.llm4msr.runtime.data.inspection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.config.NegativePool;
import org.llm4msr.runtime.config.NegativesConfig;
import org.llm4msr.runtime.config.SplitConfig;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Labels;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Part;
import org.llm4msr.runtime.data.inspection.PreparedSummary.ScenarioPart;
import org.llm4msr.runtime.data.inspection.PreparedSummary.ScenarioSummary;
import org.llm4msr.runtime.data.preparation.DatasetPreparationTest;
import org.llm4msr.runtime.data.preparation.ListReader;
import org.llm4msr.runtime.data.preparation.Preparations;
import org.llm4msr.runtime.data.preparation.RowsLog;
import org.llm4msr.runtime.data.prepared.ManifestFile;
import org.llm4msr.runtime.data.prepared.PreparedFolder;

class PreparedSummaryTest {

  private static final List<String> CHECKS =
      List.of(
          "shared rows",
          "rows from the future",
          "rows from a user's future",
          "training rows of users",
          "histories",
          "scenario statistics",
          "vocabularies",
          "means and deviations",
          "labels of unknown ids");

  @TempDir Path folder;
  private int inspections;

  private Path twelveRows() {
    Path target = folder.resolve("prepared");
    Preparations.prepare(
            DatasetPreparationTest.twelveRows(),
            Preparations.config(Preparations.BY_TIME, 2),
            target)
        .close();
    return target;
  }

  private PreparedSummary inspect(Path prepared) throws IOException {
    return Preparations.inspect(prepared, folder.resolve("scratch" + inspections++));
  }

  private static Map<String, Long> found(PreparedSummary summary) {
    return summary.checks().stream()
        .filter(check -> check.found() != null)
        .collect(Collectors.toMap(LeakCheck::name, LeakCheck::found));
  }

  /** Counted by hand over the twelve rows. */
  @Test
  void countsByScenarioPartAndTime() throws IOException {
    PreparedSummary summary = inspect(twelveRows());

    assertThat(summary.parts())
        .containsExactly(
            new Part(
                "train",
                Labels.of(8, 5, 0L),
                0,
                0L,
                "1970-01-01T00:00:00.001Z",
                "1970-01-01T00:00:00.008Z"),
            new Part(
                "validation",
                Labels.of(2, 1, 0L),
                0,
                1L,
                "1970-01-01T00:00:00.009Z",
                "1970-01-01T00:00:00.010Z"),
            new Part(
                "test",
                Labels.of(2, 1, 0L),
                2,
                0L,
                "1970-01-01T00:00:00.011Z",
                "1970-01-01T00:00:00.012Z"));
    assertThat(summary.scenarios())
        .containsExactly(
            new ScenarioSummary(
                "s2",
                "Second",
                new ScenarioPart("all", 3, 2L, Labels.of(4, 4, 0L)),
                List.of(
                    new ScenarioPart("train", 2, 1L, Labels.of(2, 2, 0L)),
                    new ScenarioPart("validation", 1, 1L, Labels.of(1, 1, 0L)),
                    new ScenarioPart("test", 1, 1L, Labels.of(1, 1, 0L)))),
            new ScenarioSummary(
                "s1",
                "First",
                new ScenarioPart("all", 4, 5L, Labels.of(8, 3, 0L)),
                List.of(
                    new ScenarioPart("train", 3, 4L, Labels.of(6, 3, 0L)),
                    new ScenarioPart("validation", 1, 1L, Labels.of(1, 0, 0L)),
                    new ScenarioPart("test", 1, 1L, Labels.of(1, 0, 0L)))));
    assertThat(summary.overlap().users()).containsExactly(List.of(3L, 2L), List.of(2L, 4L));
    assertThat(summary.overlap().items()).containsExactly(List.of(2L, 2L), List.of(2L, 5L));
    assertThat(summary.periods()).hasSize(12);
    assertThat(summary.periods().get(2))
        .isEqualTo(
            new PreparedSummary.Period(
                "1970-01-01T00:00:00.003Z",
                Labels.of(1, 1, 0L),
                List.of(Labels.of(1, 1, 0L), Labels.of(0, 0, 0L))));
  }

  @Test
  void countsWhatIsKnownOfEachField() throws IOException {
    PreparedSummary summary = inspect(twelveRows());

    assertThat(summary.fields())
        .extracting(PreparedSummary.FieldSummary::name)
        .containsExactly("user", "hour", "duration", "level", "tags");
    assertThat(summary.fields())
        .extracting(field -> field.coverage().stream().map(part -> part.known()).toList())
        .containsExactly(
            List.of(1.0, 1.0, 0.0),
            List.of(7 / 8.0, 0.5, 0.5),
            List.of(7 / 8.0, 0.5, 1.0),
            List.of(6 / 8.0, 1.0, 0.5),
            List.of(6 / 8.0, 0.0, 1.0));
    assertThat(summary.fields())
        .extracting(PreparedSummary.FieldSummary::idsInTraining)
        .containsExactly(3L, 2L, 0L, 2L, 3L);
    assertThat(summary.fields().get(4).coverage().get(0).valuesPerRow()).isEqualTo(12 / 8.0);
    assertThat(summary.fields().get(2).mean()).isCloseTo(13 / 7.0, within(1e-12));
  }

  @Test
  void findsNoLeakInWhatIsPreparedByTime() throws IOException {
    assertThat(inspect(twelveRows()).checks())
        .allSatisfy(check -> assertThat(check.state()).as(check.name()).isEqualTo("ok"))
        .extracting(LeakCheck::name)
        .containsExactlyElementsOf(CHECKS);
  }

  /** One row as another Arrow reader sees it. */
  private record Row(int part, int user, int item, int scenario, boolean label, long time) {

    List<Object> identity() {
      return List.of(user, item, scenario, time);
    }
  }

  private static List<Row> rows(Path prepared) throws IOException {
    List<Row> rows = new ArrayList<>();
    List<String> parts = List.of("train", "validation", "test");
    for (String part : parts) {
      try (RootAllocator allocator = new RootAllocator();
          FileChannel channel = FileChannel.open(prepared.resolve(part + ".arrow"));
          ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
        var root = reader.getVectorSchemaRoot();
        while (reader.loadNextBatch()) {
          for (int i = 0; i < root.getRowCount(); i++) {
            rows.add(
                new Row(
                    parts.indexOf(part),
                    ((IntVector) root.getVector("user_index")).get(i),
                    ((IntVector) root.getVector("item_index")).get(i),
                    ((IntVector) root.getVector("scenario_rank")).get(i),
                    ((Float4Vector) root.getVector("label")).get(i) == 1,
                    ((BigIntVector) root.getVector("time")).get(i)));
          }
        }
      }
    }
    return rows;
  }

  /** A random split shares times and rows; all is counted again, row against row. */
  @Test
  void countsSharedAndFutureRows() throws IOException {
    Random random = new Random(5);
    int count = 600;
    ListReader reader = new ListReader();
    reader.table(
        RawTable.INTERACTIONS,
        "user",
        draw(random, count, 12).map(i -> "u" + i).toList(),
        "item",
        draw(random, count, 5).map(i -> "i" + i).toList(),
        "scenario",
        draw(random, count, 3).map(i -> "s" + i).toList(),
        "label",
        draw(random, count, 2).map(i -> (long) i).toList(),
        "time",
        draw(random, count, 40).map(i -> i * 60_000L).toList());
    reader.field("user", RawTable.INTERACTIONS, new FieldKind.Categorical());
    Path target = folder.resolve("random");
    SplitConfig split = Preparations.split(SplitConfig.By.RANDOM);
    Preparations.prepare(reader, Preparations.config(split, 1), target).close();
    List<Row> rows = rows(target);
    Set<Object> train = identities(rows, row -> row.part == 0);
    Set<Object> before = identities(rows, row -> row.part < 2);
    long shared =
        rows.stream()
            .filter(row -> row.part > 0)
            .filter(row -> (row.part == 1 ? train : before).contains(row.identity()))
            .count();
    long future = rows.stream().filter(row -> anyBehind(rows, row, other -> true)).count();
    long ofUser =
        rows.stream().filter(row -> anyBehind(rows, row, other -> other.user == row.user)).count();

    PreparedSummary summary = inspect(target);

    assertThat(shared).isPositive();
    assertThat(ofUser).isPositive().isLessThan(future);
    assertThat(found(summary))
        .containsEntry("shared rows", shared)
        .containsEntry("rows from the future", future)
        .containsEntry("rows from a user's future", ofUser)
        .containsEntry("histories", 0L)
        .containsEntry("scenario statistics", 0L)
        .containsEntry("vocabularies", 0L);
    for (int s = 0; s < 3; s++) {
      for (int other = 0; other < 3; other++) {
        Set<Integer> both = users(rows, s);
        both.retainAll(users(rows, other));
        assertThat(summary.overlap().users().get(s).get(other)).isEqualTo(both.size());
      }
    }
    assertThat(summary.periods()).hasSizeBetween(4, 5); // 40 minutes are periods of 10.
    assertThat(summary.periods().stream().mapToLong(period -> period.all().positives()).sum())
        .isEqualTo(rows.stream().filter(Row::label).count());
  }

  private static Stream<Integer> draw(Random random, int count, int bound) {
    return random.ints(count, 0, bound).boxed();
  }

  private static Set<Object> identities(List<Row> rows, Predicate<Row> which) {
    return rows.stream().filter(which).map(Row::identity).collect(Collectors.toSet());
  }

  private static Set<Integer> users(List<Row> rows, int scenario) {
    return rows.stream()
        .filter(row -> row.scenario == scenario)
        .map(Row::user)
        .collect(Collectors.toCollection(HashSet::new));
  }

  private static boolean anyBehind(List<Row> rows, Row row, Predicate<Row> which) {
    return rows.stream()
        .anyMatch(other -> other.part > row.part && other.time < row.time && which.test(other));
  }

  /** Histories and statistics of all parts are what leaks most: prompts are made of them. */
  @Test
  void findsWhatWasMadeOfAllParts() throws IOException {
    Path prepared = twelveRows();
    forgetChecksums(prepared);
    Path leaky = folder.resolve("leaky");
    new RowsLog(prepared, leaky, 256L << 20, 1).leaky();
    for (String name : List.of(PreparedFolder.HISTORIES, PreparedFolder.STATISTICS)) {
      Files.copy(leaky.resolve(name), prepared.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
    addToCounts(prepared.resolve("vocabulary/hour.arrow"));

    assertThat(found(inspect(prepared)))
        .containsEntry("histories", 2L) // The positives of times 9 and 12.
        .containsEntry("scenario statistics", 2L)
        .containsEntry("vocabularies", 2L)
        .containsEntry("training rows of users", 0L);
  }

  private static void forgetChecksums(Path prepared) throws IOException {
    Path file = prepared.resolve("dataset.json");
    var manifest = (ObjectNode) ManifestFile.JSON.readTree(file.toFile());
    manifest.putObject("files");
    ManifestFile.JSON.writeValue(file.toFile(), manifest);
  }

  private static void addToCounts(Path file) throws IOException {
    Path changed = file.resolveSibling("changed");
    try (RootAllocator allocator = new RootAllocator();
        FileChannel in = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(in, allocator);
        FileChannel out =
            FileChannel.open(changed, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        ArrowFileWriter writer = new ArrowFileWriter(reader.getVectorSchemaRoot(), null, out)) {
      while (reader.loadNextBatch()) {
        BigIntVector counts = (BigIntVector) reader.getVectorSchemaRoot().getVector("count");
        IntStream.range(0, counts.getValueCount()).forEach(i -> counts.set(i, counts.get(i) + 1));
        writer.writeBatch();
      }
      writer.end();
    }
    Files.move(changed, file, StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * Every user of pyarrow's files has 20 training rows, and they state none or one. Rows 1000 and
   * 1005 have no time, as all that 5 divides, and meet what the rows 150 before them met.
   */
  @Test
  void inspectsFilesOfAnotherWriter() throws Exception {
    Path foreign =
        Path.of(
            PreparedSummaryTest.class
                .getResource("/org/llm4msr/runtime/data/prepared/foreign")
                .toURI());

    PreparedSummary summary = inspect(foreign);

    assertThat(found(summary))
        .containsOnly(
            Map.entry("shared rows", 2L),
            Map.entry("rows from the future", 0L),
            Map.entry("rows from a user's future", 0L),
            Map.entry("training rows of users", 50L),
            Map.entry("labels of unknown ids", 0L),
            Map.entry("means and deviations", 1L)); // price has the mean -1/8.
    assertThat(summary.checks())
        .filteredOn(check -> check.state().equals("not checked"))
        .extracting(LeakCheck::meaning)
        .containsExactly(
            "there is no histories.arrow",
            "there is no statistics.json",
            "there is no vocabulary of the field 'user'");
    assertThat(summary.parts().get(2).labels().positiveShare()).isNull();
    assertThat(summary.parts())
        .allSatisfy(part -> assertThat(part.labels().logged()).as(part.split()).isNull());
  }

  /** The log has a negative of its own in the training part, and each positive draws two more. */
  @Test
  void tellsDrawnNegativesFromLoggedRows() throws IOException {
    ListReader log =
        new ListReader()
            .table(
                RawTable.INTERACTIONS,
                RawSchema.USER,
                List.of("a", "b", "a", "c", "a", "b", "c"),
                RawSchema.ITEM,
                List.of("1", "2", "3", "4", "5", "1", "2"),
                RawSchema.SCENARIO,
                List.of("s", "s", "s", "s", "s", "t", "s"),
                RawSchema.LABEL,
                List.of(1L, 1L, 0L, 1L, 1L, 0L, 1L),
                RawSchema.TIME,
                List.of(1L, 2L, 3L, 4L, 5L, 6L, 7L),
                RawSchema.SPLIT,
                List.of("train", "train", "train", "train", "test", "train", "test"));
    Path target = folder.resolve("drawn");
    NegativesConfig two =
        new NegativesConfig(2, NegativesConfig.Draw.UNIFORM, NegativePool.EARLIER, 3, 1);
    Preparations.prepare(
            log, Preparations.drawing(Preparations.split(SplitConfig.By.GIVEN), 1, two), target)
        .close();

    PreparedSummary summary = inspect(target);

    assertThat(summary.parts())
        .extracting(Part::labels)
        .containsExactly(Labels.of(11, 3, 6L), Labels.of(0, 0, 0L), Labels.of(6, 2, 4L));
    assertThat(summary.parts())
        .extracting(part -> part.labels().logged())
        .containsExactly(5L, 0L, 2L);
    assertThat(summary.scenarios())
        .extracting(ScenarioSummary::key, scenario -> scenario.all().labels())
        .containsExactly(tuple("s", Labels.of(16, 5, 10L)), tuple("t", Labels.of(1, 0, 0L)));
    assertThat(summary.periods()).extracting(period -> period.all().drawn()).contains(2L, 0L);
  }

  @Test
  void namesABadValueByItsPlace() throws IOException {
    Path prepared = twelveRows();
    Path file = prepared.resolve("dataset.json");
    Files.writeString(file, Files.readString(file).replace("\"items\" : 5", "\"items\" : 4"));

    assertThatThrownBy(() -> inspect(prepared))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("data/ID_RANGE")
        .hasMessageContaining("'item_index' has 4 in row 1");
  }

  @Test
  void isStoredForItsKey() throws IOException {
    PreparedSummary summary = inspect(twelveRows());
    summary.store(folder);

    assertThat(PreparedSummary.stored(folder, summary.key())).isEqualTo(summary);
    assertThat(PreparedSummary.stored(folder, "another")).isNull();
    assertThat(PreparedSummary.stored(folder.resolve("none"), summary.key())).isNull();
  }
}
