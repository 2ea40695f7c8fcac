package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.NegativePool;
import org.llm4msr.runtime.config.NegativesConfig;
import org.llm4msr.runtime.config.SplitConfig;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.TextColumn;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.Split;

/** Nine thousand random rows; by dates, the first 6,000 milliseconds train. */
class PreparationDeterminismTest {

  private static final int ROWS = 9_000;
  private static final int TRAINING_END = 6_000;

  @TempDir Path folder;

  private static final SplitConfig BY_DATE =
      new SplitConfig(
          SplitConfig.By.TIME,
          List.of(4.0, 1.0, 1.0),
          "1970-01-01T00:00:06Z",
          "1970-01-01T00:00:07.500Z",
          0);

  /** Row r has time r but for some ties; rows of the later parts depend on {@code laterSeed}. */
  private static ListReader reader(long laterSeed) {
    SplittableRandom random = new SplittableRandom(1);
    Map<String, List<Object>> columns = new HashMap<>();
    for (int r = 0; r < ROWS; r++) {
      if (r == TRAINING_END) {
        random = new SplittableRandom(laterSeed);
      }
      int user = (int) (300 * Math.pow(random.nextDouble(), 2));
      add(columns, "user", "u" + (r < TRAINING_END ? user : user + laterSeed % 50));
      add(columns, "item", "i" + random.nextInt(900));
      add(columns, "scenario", "s" + random.nextInt(3));
      add(columns, "label", (long) random.nextInt(2));
      add(columns, "time", r / 4 * 4L);
      add(columns, "hour", random.nextInt(9) == 0 ? null : "h" + random.nextInt(40));
      add(
          columns,
          "score",
          random.nextInt(9) == 0 ? null : random.nextDouble() * random.nextDouble());
      List<String> tags = new ArrayList<>();
      for (int t = random.nextInt(4); t > 0; t--) {
        tags.add("t" + random.nextInt(60));
      }
      add(columns, "tags", tags);
    }
    ListReader reader = new ListReader();
    List<Object> table = new ArrayList<>();
    new TreeMap<>(columns).forEach((name, values) -> table.addAll(List.of(name, values)));
    reader.table(RawTable.INTERACTIONS, table.toArray());
    reader.table(
        RawTable.USERS,
        "user",
        numbered("u", 280),
        "group",
        numbered("g", 280).stream().map(g -> g.substring(0, 2)).toList());
    reader.batchRows = 1777;
    reader
        .field("item", RawTable.INTERACTIONS, new FieldKind.Categorical())
        .field("hour", RawTable.INTERACTIONS, new FieldKind.Categorical())
        .field("score", RawTable.INTERACTIONS, new FieldKind.Numeric())
        .field("tags", RawTable.INTERACTIONS, new FieldKind.MultiCategorical())
        .field("group", RawTable.USERS, new FieldKind.Categorical());
    return reader;
  }

  private static void add(Map<String, List<Object>> columns, String name, Object value) {
    columns.computeIfAbsent(name, key -> new ArrayList<>()).add(value);
  }

  private static List<String> numbered(String prefix, int count) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add(prefix + i);
    }
    return names;
  }

  private DatasetManifest prepare(ListReader reader, String name, long memory, int threads) {
    DatasetConfig config = Preparations.config(BY_DATE, 3);
    PreparationRequest request =
        new PreparationRequest(config, folder.resolve(name), memory, threads, false);
    return DatasetPreparation.prepare(reader, request, Progress.NONE).manifest();
  }

  @Test
  void threadsMemoryAndBatchesChangeNoByte() {
    DatasetManifest expected = prepare(reader(5), "one", 512L << 20, 1);
    ListReader otherBatches = reader(5);
    otherBatches.batchRows = 4_000;
    assertThat(prepare(otherBatches, "four", 512L << 20, 4)).isEqualTo(expected);
    assertThat(prepare(reader(5), "small", 64L << 20, 3)).isEqualTo(expected);
    assertThat(expected.files()).hasSize(15);
  }

  @Test
  void digitsOfTheLocaleChangeNothing() throws IOException {
    NegativesConfig negatives =
        new NegativesConfig(1, NegativesConfig.Draw.POPULARITY, NegativePool.PART, 7, 1);
    DatasetConfig config = Preparations.drawing(BY_DATE, 3, negatives);
    Locale before = Locale.getDefault();
    try (PreparedData latin = Preparations.prepare(reader(5), config, folder.resolve("latin"))) {
      PreparedSummary seen = Preparations.inspect(folder.resolve("latin"), folder.resolve("a"));
      Locale.setDefault(Locale.forLanguageTag("fa-IR"));
      assertThat("%d".formatted(7)).isEqualTo("۷");
      try (PreparedData other = Preparations.prepare(reader(5), config, folder.resolve("other"))) {
        assertThat(other.manifest()).isEqualTo(latin.manifest());
      }
      assertThat(Preparations.inspect(folder.resolve("other"), folder.resolve("b")))
          .isEqualTo(seen);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void laterRowsChangeNothingOfTheTrainingPart() {
    Map<String, DatasetManifest.FileStamp> first = prepare(reader(5), "a", 512L << 20, 2).files();
    Map<String, DatasetManifest.FileStamp> second = prepare(reader(77), "b", 512L << 20, 2).files();
    assertThat(second.get("test.arrow")).isNotEqualTo(first.get("test.arrow"));
    assertThat(second.get("users.arrow")).isNotEqualTo(first.get("users.arrow"));
    for (String name :
        List.of(
            "train.arrow",
            "histories.arrow",
            "train-users.arrow",
            "statistics.json",
            "vocabulary/item.arrow",
            "vocabulary/hour.arrow",
            "vocabulary/tags.arrow",
            "vocabulary/group.arrow")) {
      assertThat(second.get(name)).as(name).isEqualTo(first.get(name)).isNotNull();
    }
    List<String> usersOfA = PreparedData.open(folder.resolve("a")).userKeys();
    List<String> usersOfB = PreparedData.open(folder.resolve("b")).userKeys();
    int trained = PreparedData.open(folder.resolve("a")).manifest().trainingUsers();
    assertThat(usersOfB.subList(0, trained)).isEqualTo(usersOfA.subList(0, trained));
  }

  /** Decodes what was encoded, against a plain count in Java. */
  @Test
  void idsStandForTheFrequentValuesOfTheTrainingPart() throws IOException {
    ListReader reader = reader(5);
    prepare(reader, "a", 512L << 20, 2);
    Map<String, List<?>> raw = reader.tables.get(RawTable.INTERACTIONS);
    PreparedData data = PreparedData.open(folder.resolve("a"));
    for (String name : List.of("hour", "tags", "item")) {
      Map<String, Integer> counts = new HashMap<>();
      for (Object value : raw.get(name).subList(0, TRAINING_END)) {
        elements(value).forEach(element -> counts.merge(element, 1, Integer::sum));
      }
      ArrowFile file = ArrowFile.open(folder.resolve("a/vocabulary/" + name + ".arrow"));
      TextColumn values = new TextColumn(file, "value");
      int field = data.manifest().fields().stream().map(PreparedField::name).toList().indexOf(name);
      for (Split split : Split.values()) {
        Batch batch = data.sequential(split, ROWS).newBatch();
        data.sequential(split, ROWS).next(batch);
        int first = split == Split.TRAIN ? 0 : split == Split.VALIDATION ? TRAINING_END : 7_500;
        for (int i = 0; i < batch.size; i++) {
          assertThat(decoded(batch.fields.get(field), i, values))
              .isEqualTo(expected(raw.get(name).get(first + i), counts));
        }
      }
    }
  }

  private static List<String> elements(Object value) {
    if (value instanceof List<?> list) {
      return list.stream().map(String::valueOf).toList();
    }
    return value == null ? List.of() : List.of((String) value);
  }

  private static List<String> expected(Object value, Map<String, Integer> counts) {
    List<String> known =
        elements(value).stream().filter(e -> counts.getOrDefault(e, 0) >= 3).toList();
    return known.isEmpty() ? List.of("(unknown)") : known;
  }

  private static List<String> decoded(FieldValues field, int row, TextColumn values) {
    List<String> decoded = new ArrayList<>();
    if (field instanceof FieldValues.Ids ids) {
      decoded.add(word(ids.ids()[row], values));
    } else {
      FieldValues.IdLists lists = (FieldValues.IdLists) field;
      for (int i = lists.offsets[row]; i < lists.offsets[row + 1]; i++) {
        decoded.add(word(lists.ids[i], values));
      }
    }
    return decoded;
  }

  private static String word(int id, TextColumn values) {
    return id == 0 ? "(unknown)" : values.get(id - 1);
  }
}
