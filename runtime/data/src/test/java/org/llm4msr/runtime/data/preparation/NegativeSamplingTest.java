package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.NegativePool;
import org.llm4msr.runtime.config.NegativesConfig;
import org.llm4msr.runtime.config.NegativesConfig.Draw;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.prepared.ManifestFile;
import org.llm4msr.runtime.data.prepared.SplitCounts;
import org.slf4j.LoggerFactory;

class NegativeSamplingTest {

  private static final int ROWS = 600;
  private static final int USERS = 40;
  private static final int ITEMS = 60;
  private static final List<String> PARTS = List.of("train", "validation", "test");

  @TempDir Path folder;
  private int prepared;

  private record Row(String user, String item, String scenario, long time, boolean positive) {}

  /** Positives alone. Items of low numbers are popular, each scenario has its own. */
  private static List<Row> log() {
    Random random = new Random(1);
    List<Row> log = new ArrayList<>();
    for (int r = 0; r < ROWS; r++) {
      String scenario = r % 3 == 0 ? "a" : "b";
      int number = (int) (ITEMS * Math.pow(random.nextDouble(), 2));
      String user = "u" + random.nextInt(USERS);
      log.add(new Row(user, scenario + number, scenario, 1_000L * (r / 4), true));
    }
    return log;
  }

  private static ListReader reader(List<Row> log) {
    ListReader reader = new ListReader();
    reader.batchRows = ROWS;
    return reader.table(
        RawTable.INTERACTIONS,
        "user",
        log.stream().map(Row::user).toList(),
        "item",
        log.stream().map(Row::item).toList(),
        "scenario",
        log.stream().map(Row::scenario).toList(),
        "label",
        log.stream().map(row -> row.positive() ? 1L : 0L).toList(),
        "time",
        log.stream().map(Row::time).toList());
  }

  private Path prepare(List<Row> log, NegativesConfig negatives, int threads) {
    DatasetConfig config = Preparations.drawing(Preparations.BY_TIME, 1, negatives);
    Path target = folder.resolve("prepared" + prepared++);
    DatasetPreparation.prepare(
        reader(log), Preparations.request(config, target, threads), Progress.NONE);
    return target;
  }

  private static List<Row> rows(Path prepared, String part) throws IOException {
    List<String> users = keys(prepared.resolve("users.arrow"));
    List<String> items = keys(prepared.resolve("items.arrow"));
    List<String> scenarios = ManifestFile.read(prepared).scenarioKeys();
    List<Row> rows = new ArrayList<>();
    forEach(
        prepared.resolve(part + ".arrow"),
        (root, r) ->
            rows.add(
                new Row(
                    users.get(number(root, "user_index", r)),
                    items.get(number(root, "item_index", r)),
                    scenarios.get(number(root, "scenario_rank", r)),
                    ((Number) root.getVector("time").getObject(r)).longValue(),
                    number(root, "label", r) == 1)));
    return rows;
  }

  private static List<String> keys(Path file) throws IOException {
    List<String> keys = new ArrayList<>();
    forEach(file, (root, r) -> keys.add(String.valueOf(root.getVector("key").getObject(r))));
    return keys;
  }

  private static int number(VectorSchemaRoot root, String column, int row) {
    return ((Number) root.getVector(column).getObject(row)).intValue();
  }

  /** Returns each part after a draw from the table of rows alone. */
  private List<List<Row>> sampled(List<Row> log, NegativesConfig negatives)
      throws IOException, SQLException {
    Path scratch = Files.createDirectory(folder.resolve("sampled" + prepared++));
    SplitCounts before = SplitPlan.cut(log.size(), Preparations.BY_TIME.ratio());
    try (PreparationDatabase database = new PreparationDatabase(scratch, 256L << 20, 2)) {
      ListReader reader = reader(log.stream().sorted(Comparator.comparingLong(Row::time)).toList());
      database.ingest(
          reader.open(RawTable.INTERACTIONS, database.allocator()),
          "CREATE TABLE ordered AS SELECT \"user\" AS u, item AS i, scenario AS s, time AS t, label = 1 AS y, 1::DOUBLE AS w, false AS drawn FROM source");
      LabelColumns labels = new LabelColumns(reader.schema());
      SplitCounts after = new NegativeSampling(negatives, true, labels, database).draw(before);
      List<Row> rows =
          database.query(
              "SELECT u, i, s, t, y FROM ordered ORDER BY rowid",
              row ->
                  new Row(
                      row.getString(1),
                      row.getString(2),
                      row.getString(3),
                      row.getLong(4),
                      row.getBoolean(5)));
      int trained = Math.toIntExact(after.train());
      int seen = Math.toIntExact(after.train() + after.validation());
      return List.of(
          rows.subList(0, trained), rows.subList(trained, seen), rows.subList(seen, rows.size()));
    }
  }

  private interface RowVisitor {
    void visit(VectorSchemaRoot root, int row);
  }

  private static void forEach(Path file, RowVisitor visitor) throws IOException {
    try (FileChannel channel = FileChannel.open(file);
        BufferAllocator allocator = new RootAllocator();
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      while (reader.loadNextBatch()) {
        VectorSchemaRoot root = reader.getVectorSchemaRoot();
        for (int r = 0; r < root.getRowCount(); r++) {
          visitor.visit(root, r);
        }
      }
    }
  }

  @Test
  void positivesAloneAreRefused() {
    NegativesConfig none = new NegativesConfig(0, Draw.UNIFORM, NegativePool.PART, 0, 1);
    assertThatThrownBy(() -> prepare(log(), none, 1))
        .hasMessage(
            "[data/NO_NEGATIVES] All 600 rows are positives, and a model needs negatives as well. Set dataset.negatives.perPositive, for example to 4, which draws some; or correct the label in the section dataset.");
  }

  @Test
  void negativesStandBehindTheirPositivesAndAreNewToTheirUsers() throws IOException {
    List<Row> log = log();
    Map<String, Long> met = new HashMap<>();
    log.forEach(row -> met.merge(row.user() + row.item(), row.time(), Math::min));
    for (Draw draw : Draw.values()) {
      Path prepared = prepare(log, new NegativesConfig(3, draw, NegativePool.EARLIER, 5, 1), 2);
      assertThat(ManifestFile.read(prepared).rows()).isEqualTo(new SplitCounts(1_600, 400, 400));
      Set<String> trained = new HashSet<>();
      log.subList(0, 400).forEach(row -> trained.add(row.user() + row.item()));
      Set<String> candidates = new HashSet<>();
      int seen = 0;
      for (int part = 0; part < 3; part++) {
        List<Row> rows = rows(prepared, PARTS.get(part));
        int from = seen;
        seen += rows.size() / 4;
        log.subList(from, seen).forEach(row -> candidates.add(row.item()));
        for (int r = 0; r < rows.size(); r += 4) {
          Row positive = rows.get(r);
          assertThat(positive).isEqualTo(log.get(from + r / 4));
          Set<String> drawn = new HashSet<>();
          for (Row negative : rows.subList(r + 1, r + 4)) {
            assertThat(negative)
                .isEqualTo(
                    new Row(
                        positive.user(),
                        negative.item(),
                        positive.scenario(),
                        positive.time(),
                        false));
            assertThat(negative.item()).startsWith(positive.scenario()).isIn(candidates);
            String pair = negative.user() + negative.item();
            assertThat(trained.contains(pair)).isFalse();
            assertThat(part > 0 && met.getOrDefault(pair, Long.MAX_VALUE) <= negative.time())
                .isFalse();
            drawn.add(negative.item());
          }
          assertThat(drawn).hasSize(3);
        }
      }
    }
  }

  static List<NegativePool> pools() {
    return List.of(NegativePool.PART, NegativePool.EARLIER, NegativePool.near(2));
  }

  /** A log by day, all of it positive, each row of another user. */
  private static List<Row> days(String... daysAndItems) {
    List<Row> log = new ArrayList<>();
    for (String dayAndItem : daysAndItems) {
      String[] words = dayAndItem.split(" ");
      long time = TimeUnit.DAYS.toMillis(Long.parseLong(words[0]));
      log.add(new Row("u" + log.size(), words[1], "s", time, true));
    }
    return log;
  }

  /** Eight rows train, two validate, two test. With seven draws each row gets all it may have. */
  @ParameterizedTest
  @EnumSource(Draw.class)
  void thePoolIsThatOfItsRule(Draw draw) throws IOException, SQLException {
    List<Row> log =
        days(
            "0 a", "1 a", "2 b", "3 c", "10 d", "11 d", "12 e", "20 b", // train
            "21 x", "22 a", "30 y", "31 x");

    String train = "a:bcde a:bcde b:acde c:abde d:abce d:abce e:abcd b:acde";
    assertThat(drawn(log, draw, NegativePool.PART)).containsExactly(train, "x:a a:x", "y:x x:y");
    assertThat(drawn(log, draw, NegativePool.EARLIER))
        .containsExactly(train, "x:abcde a:bcdex", "y:abcdex x:abcdey");
    assertThat(drawn(log, draw, NegativePool.near(2)))
        .as("the second day of the training part is near to that of validation, and not of it")
        .containsExactly("a:b a:bc b:ac c:ab d:e d:e e:d b:", "x:a a:x", "y:x x:y");
    assertThat(drawn(log, draw, NegativePool.near(1)))
        .containsExactly("a: a:b b:ac c:b d: d:e e:d b:", "x:a a:x", "y:x x:y");
  }

  /** Returns each part as its positives, each with the items of its negatives in order. */
  private List<String> drawn(List<Row> log, Draw draw, NegativePool pool)
      throws IOException, SQLException {
    List<String> parts = new ArrayList<>();
    for (List<Row> part : sampled(log, new NegativesConfig(7, draw, pool, 5, 1))) {
      StringBuilder text = new StringBuilder();
      Set<String> items = new TreeSet<>();
      for (Row row : part) {
        if (row.positive()) {
          text.append(String.join("", items)).append(' ').append(row.item()).append(':');
          items.clear();
        } else {
          items.add(row.item());
        }
      }
      parts.add(text.append(String.join("", items)).toString().strip());
    }
    return parts;
  }

  /**
   * From day 15, ten days reach from 5 to 25: {@code a} lies there in three stretches of ten days,
   * {@code b} once, {@code d} after a row outside; {@code c} lies in the same stretches outside.
   */
  @Test
  void eachItemOfTheDaysIsOneOfAll() throws IOException, SQLException {
    List<Row> log = days("2 c", "3 d", "8 a", "9 d", "12 a", "15 b", "22 a", "27 c");
    for (int r = 0; r < 3_004; r++) {
      long day = r < 2_000 ? 15 : 200;
      log.add(new Row("other" + r, "own", "s", TimeUnit.DAYS.toMillis(day), true));
    }
    NegativesConfig negatives = new NegativesConfig(1, Draw.UNIFORM, NegativePool.near(10), 5, 1);

    Map<String, Long> drawn =
        sampled(log, negatives).get(0).stream()
            .filter(row -> !row.positive() && row.user().startsWith("other"))
            .collect(Collectors.groupingBy(Row::item, Collectors.counting()));

    assertThat(drawn).containsOnlyKeys("a", "b", "d");
    assertThat(drawn.values())
        .allSatisfy(n -> assertThat(n / 2_000.0).isCloseTo(1 / 3.0, within(0.03)));
    assertThat(drawn.values().stream().mapToLong(Long::longValue).sum()).isEqualTo(2_000);
  }

  /** Of three items the drawing users have met one; of the others one is nine times as popular. */
  @ParameterizedTest
  @MethodSource("pools")
  void popularItemsAreDrawnAsOftenAsTheyOccur(NegativePool pool) throws IOException, SQLException {
    List<Row> log = new ArrayList<>();
    long hour = TimeUnit.HOURS.toMillis(1);
    for (int r = 0; r < 4_000; r++) {
      log.add(new Row("fan" + r, r % 10 == 0 ? "rare" : "hit", "s", r * hour, true));
    }
    for (int r = 0; r < 2_000; r++) {
      log.add(new Row("other" + r, "own", "s", 2L * r * hour, true));
    }
    Map<Draw, Double> shares = new HashMap<>();
    for (Draw draw : Draw.values()) {
      List<Row> rows = sampled(log, new NegativesConfig(1, draw, pool, 5, 1)).get(0);
      Map<String, Long> drawn =
          rows.stream()
              .filter(row -> !row.positive() && row.user().startsWith("other"))
              .collect(Collectors.groupingBy(Row::item, Collectors.counting()));
      long rare = drawn.getOrDefault("rare", 0L);
      shares.put(draw, rare / (double) (rare + drawn.getOrDefault("hit", 0L)));
    }
    assertThat(shares.get(Draw.POPULARITY)).isCloseTo(0.1, within(0.03));
    assertThat(shares.get(Draw.UNIFORM)).isCloseTo(0.5, within(0.05));
  }

  @ParameterizedTest
  @MethodSource("pools")
  void drawsDependOnTheSeedAloneAndTheTrainingPartOnItself(NegativePool pool)
      throws IOException, SQLException {
    List<Row> log = log();
    NegativesConfig negatives = new NegativesConfig(2, Draw.POPULARITY, pool, 5, 1);
    List<List<Row>> first = sampled(log, negatives);
    assertThat(sampled(log, negatives)).isEqualTo(first);
    NegativesConfig otherSeed = new NegativesConfig(2, Draw.POPULARITY, pool, 6, 1);
    assertThat(sampled(log, otherSeed).get(0)).isNotEqualTo(first.get(0));
    List<Row> changed = new ArrayList<>(log.subList(0, 400));
    log.subList(400, ROWS)
        .forEach(row -> changed.add(new Row("new", "a-new", "a", row.time(), true)));
    assertThat(sampled(changed, negatives).get(0)).isEqualTo(first.get(0));
  }

  @Test
  void threadsChangeNoByteOfPreparedNegatives() throws IOException {
    NegativesConfig negatives = new NegativesConfig(2, Draw.POPULARITY, NegativePool.EARLIER, 5, 1);
    Path first = prepare(log(), negatives, 1);
    Path second = prepare(log(), negatives, 2);
    for (String part : PARTS) {
      assertThat(second.resolve(part + ".arrow"))
          .hasSameBinaryContentAs(first.resolve(part + ".arrow"));
    }
  }

  @Test
  void aUserWhoHasMetEverythingGetsNone() throws IOException {
    List<Row> log = new ArrayList<>();
    for (int r = 0; r < 60; r++) {
      log.add(new Row(r % 3 == 0 ? "b" : "a", "i" + r % 2, "s", r, true));
    }
    Path prepared = prepare(log, new NegativesConfig(1, Draw.UNIFORM, NegativePool.PART, 0, 1), 2);
    assertThat(rows(prepared, "train")).hasSize(40);
    assertThat(Files.readString(prepared.resolve("dataset.json")))
        .contains(
            "label as given; 1 negatives a positive drawn by chance from the row's part, seed 0");
  }

  /** Else an item of one row would be known where it is drawn, and only its positive unknown. */
  @Test
  void drawnRowsMakeNoValueFrequent() throws IOException {
    List<Row> log = new ArrayList<>();
    for (int r = 0; r < ROWS; r++) {
      String item = r % 2 == 0 ? "often" + r % 10 : "once" + r;
      log.add(new Row("u" + r % USERS, item, "a", r, true));
    }
    NegativesConfig negatives = new NegativesConfig(2, Draw.UNIFORM, NegativePool.PART, 0, 1);
    ListReader reader = reader(log);
    List<String> items = log.stream().map(Row::item).distinct().toList();
    reader.table(RawTable.ITEMS, "item", items, "name", items);
    reader.fields.add(
        new RawField("name", RawTable.ITEMS, "name", FieldRole.ITEM, new FieldKind.Categorical()));
    DatasetConfig config = Preparations.drawing(Preparations.BY_TIME, 2, negatives);
    Path target = folder.resolve("rare");

    DatasetPreparation.prepare(reader, Preparations.request(config, target, 2), Progress.NONE);

    assertThat(ManifestFile.read(target).fields().get(0).vocabularySize()).isEqualTo(1 + 5);
    Set<Integer> labels = new TreeSet<>();
    forEach(
        target.resolve("train.arrow"),
        (root, r) -> {
          if (number(root, "name", r) == 0) {
            labels.add(number(root, "label", r));
          }
        });
    assertThat(labels).as("of items of one row").containsExactly(0, 1);
  }

  /** A price of the log is that of the positive's item. */
  @Test
  void warnsOfWhatTheLogSaysOfItems() {
    Logger logger = (Logger) LoggerFactory.getLogger(DatasetPreparation.class);
    ListAppender<ILoggingEvent> warnings = new ListAppender<>();
    warnings.start();
    logger.addAppender(warnings);
    try {
      for (int perPositive : List.of(0, 1)) {
        List<Row> log = log();
        log.set(0, new Row("u0", "b0", "b", 0, false));
        ListReader reader = reader(log);
        reader.tables.get(RawTable.INTERACTIONS).put("price", Collections.nCopies(ROWS, "9"));
        for (FieldRole role : List.of(FieldRole.ITEM, FieldRole.CONTEXT)) {
          reader.fields.add(
              new RawField(
                  role.name(), RawTable.INTERACTIONS, "price", role, new FieldKind.Categorical()));
        }
        NegativesConfig negatives =
            new NegativesConfig(perPositive, Draw.UNIFORM, NegativePool.PART, 0, 1);
        DatasetConfig config = Preparations.drawing(Preparations.BY_TIME, 1, negatives);
        Path target = folder.resolve("priced" + perPositive);
        DatasetPreparation.prepare(reader, Preparations.request(config, target, 2), Progress.NONE);
      }
    } finally {
      logger.detachAppender(warnings);
    }
    assertThat(warnings.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .containsExactly(
            "Drawn negatives have the values of their positives in [ITEM], which tell of the item. Take them from the table of items, or log what was not chosen.");
  }
}
