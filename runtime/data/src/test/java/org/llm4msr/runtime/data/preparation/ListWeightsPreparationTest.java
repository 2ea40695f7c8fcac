package org.llm4msr.runtime.data.preparation;

import static java.util.Arrays.asList;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.RowBinding;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.data.rows.RowValue;
import org.llm4msr.runtime.data.rows.RowValues;
import org.llm4msr.runtime.data.rows.ScoringColumn;

/**
 * Lists with weights, and fields that read one column, in six rows worked by hand: 4:1:1 by time
 * gives rows 1 to 4, 5 and 6.
 */
class ListWeightsPreparationTest {

  private static final FieldKind LIST = new FieldKind.MultiCategorical();
  private static final FieldKind HASHES = new FieldKind.Hashed(10, true);

  @TempDir Path folder;

  private static RawField field(
      String name, RawTable table, String column, FieldKind kind, @Nullable String weights) {
    return new RawField(name, table, column, FieldRole.CONTEXT, kind, null, weights);
  }

  private static ListReader sixRows() {
    ListReader reader = new ListReader();
    reader.table(
        RawTable.INTERACTIONS,
        "user",
        asList("a", "b", "a", "b", "a", "b"),
        "item",
        asList("x", "x", "y", "y", "z", "x"),
        "scenario",
        asList("s", "s", "s", "s", "s", "s"),
        "label",
        asList(1L, 0L, 1L, 0L, 1L, 0L),
        "time",
        asList(1L, 2L, 3L, 4L, 5L, 6L),
        "tags",
        asList(
            List.of("a", "b"),
            List.of("a"),
            List.of("b", "q"),
            asList("b", "a", null),
            null,
            List.of("never", "b")),
        "scores",
        asList(
            List.of(2.0, 1.0),
            List.of(0.0),
            null,
            asList(0.5, null, 3.0),
            null,
            List.of(4.0, 0.25)),
        "price",
        asList(1.0, 2.0, 3.0, null, 1.0, 2.0));
    reader.table(
        RawTable.ITEMS,
        "item",
        asList("x", "y", "z"),
        "words",
        asList(List.of("w1", "w2"), List.of("w2"), null),
        "shares",
        asList(List.of(3.0, 1.0), List.of(1e-40), null));
    reader.fields.add(field("tags", RawTable.INTERACTIONS, "tags", LIST, "scores"));
    reader.fields.add(field("tag_hash", RawTable.INTERACTIONS, "tags", HASHES, "scores"));
    reader.fields.add(field("words", RawTable.ITEMS, "words", HASHES, "shares"));
    FieldKind ranges = new FieldKind.Bucketed(0, List.of(1.5, 2.5));
    reader.fields.add(field("range", RawTable.INTERACTIONS, "price", ranges, null));
    FieldKind number = new FieldKind.Numeric();
    reader.fields.add(field("price", RawTable.INTERACTIONS, "price", number, null));
    return reader;
  }

  private PreparedData prepared() {
    return Preparations.prepare(
        sixRows(), Preparations.config(Preparations.BY_TIME, 2), folder.resolve("prepared"));
  }

  private RowEncoder encoder() {
    prepared();
    return RowEncoder.open(folder.resolve("prepared"));
  }

  /** Returns the id of a text, as the description of the format says it. */
  private static int hash(String text) {
    try {
      byte[] md5 = MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
      String hex = "%032x".formatted(new BigInteger(1, md5));
      return 1 + (int) (Long.parseLong(hex.substring(0, 15), 16) % 10);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String shown(Batch batch, int field, int row) {
    IdLists lists = (IdLists) batch.fields.get(field);
    int from = row == 0 ? 0 : lists.offsets[row];
    int to = lists.offsets[row + 1];
    float[] weights = lists.weights == null ? new float[0] : lists.weights;
    return Arrays.toString(Arrays.copyOfRange(lists.ids, from, to))
        + Arrays.toString(Arrays.copyOfRange(weights, from, to));
  }

  private static List<String> lists(BatchSource source, int field) {
    List<String> lists = new ArrayList<>();
    try (source) {
      Batch batch = source.newBatch();
      while (source.next(batch)) {
        for (int row = 0; row < batch.size; row++) {
          lists.add(shown(batch, field, row));
        }
      }
    }
    return lists;
  }

  /** In training, b is there 3 times and a twice: the weight 0 leaves one out. */
  @Test
  void listsKeepTheWeightsOfWhatIsKnown() {
    PreparedData data = prepared();

    assertThat(PreparedIds.open(folder.resolve("prepared")).values(data.manifest().fields().get(0)))
        .containsExactly("b", "a");
    assertThat(lists(data.sequential(Split.TRAIN, 3), 0))
        .containsExactly("[2, 1][2.0, 1.0]", "[0][1.0]", "[1][1.0]", "[1, 2][0.5, 1.0]");
    assertThat(lists(data.sequential(Split.VALIDATION, 3), 0)).containsExactly("[0][1.0]");
    assertThat(lists(data.sequential(Split.TEST, 3), 0)).containsExactly("[1][0.25]");
    int a = hash("a");
    int b = hash("b");
    assertThat(lists(data.sequential(Split.TRAIN, 3), 1))
        .containsExactly(
            "[%d, %d][2.0, 1.0]".formatted(a, b),
            "[0][1.0]",
            "[%d, %d][1.0, 1.0]".formatted(b, hash("q")),
            "[%d, %d][0.5, 1.0]".formatted(b, a));
    assertThat(lists(data.sequential(Split.TRAIN, 2), 2))
        .contains("[%d, %d][3.0, 1.0]".formatted(hash("w1"), hash("w2")), "[0][1.0]");
  }

  @Test
  void rowsToScoreBringWeightsAndOneColumnForTwoFields() {
    RowEncoder encoder = encoder();

    assertThat(encoder.columns())
        .extracting(ScoringColumn::name)
        .containsExactly(
            "user", "item", "scenario", "tags", "tags.weights", "words", "words.weights", "price");
    assertThat(encoder.columns())
        .filteredOn(ScoringColumn::required)
        .extracting(ScoringColumn::name)
        .containsExactly("user", "item", "scenario", "tags", "price");
    Batch batch =
        encode(
            encoder,
            row("x", "tags", List.of("never", "b", "a"), "tags.weights", List.of(9, "2", 0.5)),
            row("x", "tags", List.of("b", "a"), "tags.weights", asList(null, 0)),
            row("y", "tags", "a", "tags.weights", 7),
            row("y", "tags", List.of("a", "b"), "words", "w1"),
            row("y", "tags", null, "tags.weights", null));

    assertThat(shown(batch, 0, 0)).isEqualTo("[1, 2][2.0, 0.5]");
    assertThat(shown(batch, 1, 0))
        .isEqualTo("[%d, %d, %d][9.0, 2.0, 0.5]".formatted(hash("never"), hash("b"), hash("a")));
    assertThat(shown(batch, 0, 1)).isEqualTo("[1][1.0]");
    assertThat(shown(batch, 0, 2)).isEqualTo("[2][7.0]");
    assertThat(shown(batch, 0, 3)).isEqualTo("[2, 1][1.0, 1.0]");
    assertThat(shown(batch, 0, 4)).isEqualTo("[0][1.0]");
    assertThat(shown(batch, 2, 0))
        .isEqualTo("[%d, %d][3.0, 1.0]".formatted(hash("w1"), hash("w2")));
    assertThat(shown(batch, 2, 2)).isEqualTo("[0][1.0]");
    assertThat(shown(batch, 2, 3)).isEqualTo("[%d][1.0]".formatted(hash("w1")));
    int[] ranges = ((Ids) batch.fields.get(3)).ids();
    assertThat(ranges).startsWith(2, 2, 2, 2, 2);
  }

  private static Batch encode(RowEncoder encoder, List<Map<String, @Nullable Object>> rows) {
    RawRows raw = RawRows.of(rows);
    RowBinding binding = encoder.bind(raw.columns());
    Batch batch = binding.newBatch(rows.size());
    binding.encode(raw, 0, rows.size(), 0, batch);
    return batch;
  }

  @SafeVarargs
  private static Batch encode(RowEncoder encoder, Map<String, @Nullable Object>... rows) {
    return encode(encoder, List.of(rows));
  }

  private static Map<String, @Nullable Object> row(String item, @Nullable Object... columns) {
    Map<String, @Nullable Object> row = new HashMap<>();
    row.putAll(Map.of("user", "b", "item", item, "scenario", "s", "price", 2.0));
    for (int i = 0; i < columns.length; i += 2) {
      row.put(String.valueOf(columns[i]), columns[i + 1]);
    }
    return row;
  }

  @Test
  void refusesWeightsThatDoNotFit() {
    RowEncoder encoder = encoder();
    List<String> tags = List.of("a", "b");

    refused(encoder, row("x", "tags", tags, "tags.weights", List.of(1)), "has 1 weights in row 0");
    refused(encoder, row("x", "tags", tags, "tags.weights", List.of(1, -1)), "from 0 to 1e30");
    refused(encoder, row("x", "tags", tags, "tags.weights", List.of(1, "no")), "a number");
    refused(
        encoder,
        row("x", "tags", tags, "words.weights", List.of(1)),
        "Row 0 has 'words.weights' without 'words'.");
  }

  private static void refused(
      RowEncoder encoder, Map<String, @Nullable Object> row, String reason) {
    assertThatThrownBy(() -> encode(encoder, row))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[data/BAD_VALUE]")
        .hasMessageContaining(reason);
  }

  @Test
  void whatIsStoredIsToldWithItsWeights() {
    RowValues values = encoder().values();
    RowValues.Row row =
        new RowValues.Row(
            "b",
            "s",
            "x",
            Map.of("price", 2.0, "tags", List.of("b", "never"), "tags.weights", List.of(2, 3)),
            Map.of());

    Map<String, @Nullable Object> told = new HashMap<>();
    for (RowValue value : values.of(row, 0)) {
      told.put(value.column().name(), value.value());
    }

    assertThat(told)
        .containsEntry("tags", List.of("b", "never"))
        .containsEntry("tags.weights", List.of(2.0, 3.0))
        .containsEntry(
            "words",
            List.of(
                "bucket %d of 10".formatted(hash("w1")), "bucket %d of 10".formatted(hash("w2"))))
        .containsEntry("words.weights", List.of(3.0, 1.0));
  }

  /** Items that the new data does not describe keep what is known of them. */
  @Test
  void extendedDataKeepsTheWeightsOfItems() {
    prepared();
    ListReader later = sixRows();
    later.table(
        RawTable.ITEMS,
        "item",
        asList("y"),
        "words",
        asList(List.of("w3")),
        "shares",
        asList(List.of(5.0)));
    DatasetPreparation.prepare(later, extending("later"), Progress.NONE);

    PreparedData data = PreparedData.open(folder.resolve("later"));
    assertThat(lists(data.sequential(Split.TRAIN, 4), 2))
        .containsExactly(
            "[%d, %d][3.0, 1.0]".formatted(hash("w1"), hash("w2")),
            "[%d, %d][3.0, 1.0]".formatted(hash("w1"), hash("w2")),
            "[%d][5.0]".formatted(hash("w3")),
            "[%d][5.0]".formatted(hash("w3")));
    assertThat(
            PreparedIds.open(folder.resolve("later"))
                .extend(PreparedIds.open(folder.resolve("prepared"))))
        .isTrue();
    ListReader apart = sixRows();
    apart.fields.set(0, field("tags", RawTable.INTERACTIONS, "tags", LIST, null));
    assertThatThrownBy(() -> DatasetPreparation.prepare(apart, extending("apart"), Progress.NONE))
        .hasMessageContaining("tags (multi-categorical, with weights), tag_hash")
        .hasMessageContaining("tags (multi-categorical), tag_hash");
  }

  private PreparationRequest extending(String target) {
    return new PreparationRequest(
        Preparations.config(Preparations.BY_TIME, 2),
        folder.resolve(target),
        512L << 20,
        2,
        false,
        folder.resolve("prepared"),
        "FILE");
  }

  @Test
  void refusesRawWeightsThatDoNotFit() {
    for (List<@Nullable Double> scores :
        List.of(List.of(1.0), asList(1.0, -1.0), asList(Double.NaN, 1.0), asList(1.0, 1e31))) {
      ListReader reader = sixRows();
      reader
          .tables
          .get(RawTable.INTERACTIONS)
          .computeIfPresent(
              "scores", (name, lists) -> asList(scores, null, null, null, null, null));
      assertThatThrownBy(
              () ->
                  DatasetPreparation.prepare(
                      reader,
                      Preparations.request(
                          Preparations.config(Preparations.BY_TIME, 2),
                          folder.resolve("refused"),
                          2),
                      Progress.NONE))
          .describedAs("%s", scores)
          .isInstanceOf(MsrException.class)
          .hasMessageContaining(
              "[data/BAD_WEIGHT] Table interactions has 1 rows with lists in 'tags' of which not each element has a weight from 0 to 1e30 in 'scores', for example 'user a and item x'.");
    }
  }

  @Test
  void refusesFieldsThatHaveNoListsOrTheNameOfWeights() {
    ListReader one = new ListReader();
    one.tables.putAll(sixRows().tables);
    one.fields.add(
        field("price", RawTable.INTERACTIONS, "price", new FieldKind.Numeric(), "scores"));
    assertThatThrownBy(() -> DatasetPreparation.requireFields(one.schema()))
        .hasMessageContaining("[data/LIST_WEIGHTS] The field 'price' (numeric) has the weights");
    ListReader two = sixRows().field("tags.weights", RawTable.INTERACTIONS, LIST);
    assertThatThrownBy(() -> DatasetPreparation.requireFields(two.schema()))
        .hasMessageContaining(
            "[data/FIELD_NAME] The field name 'tags.weights' is that of the weights of the field 'tags'.");
  }
}
