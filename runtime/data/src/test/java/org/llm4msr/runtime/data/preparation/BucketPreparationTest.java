package org.llm4msr.runtime.data.preparation;

import static java.util.Arrays.asList;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.data.inspection.LeakCheck;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.RowBinding;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.data.slices.RowSlices;

/**
 * Ranges, hashes and crosses of twelve rows, worked by hand: 4:1:1 by time gives rows 1 to 8, 9 and
 * 10, 11 and 12.
 */
class BucketPreparationTest {

  private static final List<String> NAMES =
      List.of("price", "age", "size", "kind", "url", "tags", "age_kind", "url_price");

  private static final List<String> USERS =
      List.of("a", "b", "a", "b", "a", "c", "a", "b", "c", "a", "b", "d");
  private static final List<String> ITEMS =
      List.of("x", "x", "x", "y", "x", "x", "v", "x", "y", "x", "x", "z");
  private static final List<Double> PRICES =
      asList(1.0, 1.0, 1.0, null, 1.0, Double.NaN, 2.0, 3.0, 2.5, -7.0, 100.0, null);
  private static final List<String> URLS =
      asList("abc", "", "a", "abc", null, "a", "a", "a", "Köln", "abc", "message digest", null);
  private static final List<List<String>> TAGS =
      asList(
          List.of("abc", "a"),
          asList("a", null),
          List.of(),
          null,
          List.of("a", "a"),
          List.of(""),
          List.of("Köln"),
          List.of("a"),
          List.of("a"),
          List.of("a"),
          List.of("a"),
          asList((String) null));

  @TempDir Path folder;

  private static <T> List<T> repeated(T value) {
    return Collections.nCopies(12, value);
  }

  private static ListReader twelveRows() {
    ListReader reader = new ListReader();
    reader.table(
        RawTable.INTERACTIONS,
        "user",
        USERS,
        "item",
        ITEMS,
        "scenario",
        repeated("s"),
        "label",
        asList(1L, 0L, 1L, 0L, 1L, 0L, 1L, 0L, 1L, 0L, 1L, 0L),
        "time",
        asList(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L, 11L, 12L),
        "price",
        PRICES,
        "url",
        URLS,
        "tags",
        TAGS);
    reader.table(RawTable.USERS, "user", asList("a", "b", "c"), "age", asList(18L, 19L, null));
    reader.table(
        RawTable.ITEMS,
        "item",
        asList("x", "y", "v"),
        "size",
        asList(20.0, 10.0, 30.0),
        "kind",
        asList("k&", "l", "k&"));
    return reader
        .field("price", RawTable.INTERACTIONS, new FieldKind.Bucketed(4, List.of()))
        .field("age", RawTable.USERS, new FieldKind.Bucketed(0, List.of(18.0, 25.0)))
        .field("size", RawTable.ITEMS, new FieldKind.Bucketed(4, List.of()))
        .field("kind", RawTable.ITEMS, new FieldKind.Categorical())
        .field("url", RawTable.INTERACTIONS, new FieldKind.Hashed(1000, false))
        .field("tags", RawTable.INTERACTIONS, new FieldKind.Hashed(1000, true))
        .field("age_kind", RawTable.INTERACTIONS, new FieldKind.Crossed(List.of("age", "kind"), 0))
        .field(
            "url_price", RawTable.INTERACTIONS, new FieldKind.Crossed(List.of("url", "price"), 64));
  }

  private PreparedData prepared() {
    return Preparations.prepare(
        twelveRows(), Preparations.config(Preparations.BY_TIME, 1), folder.resolve("prepared"));
  }

  private static int field(String name) {
    return NAMES.indexOf(name);
  }

  /** Returns the ids of a field of one value in all rows, oldest first. */
  private static List<Integer> ids(PreparedData data, String field) {
    List<Integer> ids = new ArrayList<>();
    for (Split split : Split.values()) {
      try (BatchSource source = data.sequential(split, 3)) {
        Batch batch = source.newBatch();
        while (source.next(batch)) {
          for (int row = 0; row < batch.size; row++) {
            ids.add(((Ids) batch.fields.get(field(field))).ids()[row]);
          }
        }
      }
    }
    return ids;
  }

  private static List<Integer> list(IdLists lists, int row) {
    return Arrays.stream(lists.ids, lists.offsets[row], lists.offsets[row + 1]).boxed().toList();
  }

  /**
   * Training has the prices 1, 1, 1, 1, 2, 3. As numpy's {@code inverted_cdf}: the quartiles are 1,
   * 1 and 2.
   */
  @Test
  void quantilesComeFromTheTrainingPartAndTiesAreOne() {
    PreparedData data = prepared();

    assertThat(ids(data, "price")).containsExactly(1, 1, 1, 0, 1, 0, 2, 3, 3, 1, 3, 0);
    PreparedIds ids = PreparedIds.open(folder.resolve("prepared"));
    PreparedField price = data.manifest().fields().get(field("price"));
    assertThat(price.vocabularySize()).isEqualTo(4);
    assertThat(ids.values(price)).containsExactly("up to 1", "1 to 2", "over 2");
    assertThat(ids.bounds(price).orElseThrow().bounds()).containsExactly(1.0, 2.0);
  }

  /** Of eight rows, y has one, x six and v one: 10, 20 six times, 30; all quartiles are 20. */
  @Test
  void anItemCountsOnceForEachTrainingRow() {
    PreparedData data = prepared();

    assertThat(ids(data, "size")).containsExactly(1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 0);
    PreparedIds ids = PreparedIds.open(folder.resolve("prepared"));
    assertThat(ids.values(data.manifest().fields().get(field("size"))))
        .containsExactly("up to 20", "over 20");
  }

  @Test
  void givenBoundsAreKeptWhateverIsInThem() {
    PreparedData data = prepared();

    assertThat(ids(data, "age")).containsExactly(1, 2, 1, 2, 1, 0, 1, 2, 0, 1, 2, 0);
    PreparedIds ids = PreparedIds.open(folder.resolve("prepared"));
    assertThat(ids.values(data.manifest().fields().get(field("age"))))
        .containsExactly("up to 18", "18 to 25", "over 25");
  }

  /** Ids by Python: 1 + int(md5(text).hexdigest()[:15], 16) % 1000. */
  @Test
  void textsAreHashed() {
    PreparedData data = prepared();

    assertThat(ids(data, "url"))
        .containsExactly(28, 425, 363, 28, 0, 363, 363, 363, 329, 28, 649, 0);
    try (BatchSource source = data.sequential(Split.TRAIN, 8)) {
      Batch batch = source.newBatch();
      source.next(batch);
      IdLists lists = (IdLists) batch.fields.get(field("tags"));
      List<List<Integer>> expected =
          List.of(
              List.of(28, 363),
              List.of(363),
              List.of(0),
              List.of(0),
              List.of(363, 363),
              List.of(425),
              List.of(329),
              List.of(363));
      for (int row = 0; row < 8; row++) {
        assertThat(list(lists, row)).isEqualTo(expected.get(row));
      }
    }
  }

  /**
   * a with x or v in four rows, b with x in two, b with y in one, c, whose age is missing, in one.
   */
  @Test
  void aCrossHasAVocabularyOfWhatItsPartsAreTogether() {
    PreparedData data = prepared();

    PreparedIds ids = PreparedIds.open(folder.resolve("prepared"));
    assertThat(ids.values(data.manifest().fields().get(field("age_kind"))))
        .containsExactly("up to 18 & k\\&", "18 to 25 & k\\&", "18 to 25 & l", "\\- & k\\&");
    assertThat(ids(data, "age_kind")).containsExactly(1, 2, 1, 3, 1, 4, 1, 2, 0, 1, 2, 0);
  }

  /** Ids by Python of, for example, "bucket 28 of 1000 & up to 1"; the last row has neither. */
  @Test
  void aCrossMayBeHashed() {
    assertThat(ids(prepared(), "url_price"))
        .containsExactly(34, 13, 41, 35, 31, 63, 60, 24, 5, 34, 42, 0);
  }

  @Test
  void rowsToScoreAreEncodedAlike() {
    PreparedData data = prepared();
    RowEncoder encoder = RowEncoder.open(folder.resolve("prepared"));
    RowBinding binding =
        encoder.bind(Set.of("user", "item", "scenario", "price", "url", "tags", "age_kind"));
    List<Map<String, Object>> rows = new ArrayList<>();
    for (int row = 0; row < 12; row++) {
      Map<String, Object> values = new HashMap<>();
      values.put("user", USERS.get(row));
      values.put("item", ITEMS.get(row));
      values.put("scenario", "s");
      values.put("price", PRICES.get(row));
      values.put("url", URLS.get(row));
      values.put("tags", TAGS.get(row));
      values.put("age_kind", "is never read");
      rows.add(values);
    }
    Batch batch = binding.newBatch(12);
    binding.encode(RawRows.of(rows), 0, 12, 0, batch);

    for (String name : List.of("price", "age", "size", "url", "age_kind", "url_price")) {
      assertThat(((Ids) batch.fields.get(field(name))).ids())
          .describedAs(name)
          .containsExactly(ids(data, name).stream().mapToInt(id -> id).toArray());
    }
    assertThat(list((IdLists) batch.fields.get(field("tags")), 0)).containsExactly(28, 363);
    assertThat(list((IdLists) batch.fields.get(field("tags")), 11)).containsExactly(0);
    assertThat(encoder.columns())
        .extracting(column -> column.name() + " " + column.kind())
        .containsExactly(
            "user id",
            "item id",
            "scenario id",
            "price numeric",
            "age numeric",
            "size numeric",
            "kind categorical",
            "url categorical",
            "tags multi-categorical");
  }

  /** What a row brings of a part counts for the cross as well. */
  @Test
  void aCrossIsMadeOfWhatTheRowBrings() {
    prepared();
    RowEncoder encoder = RowEncoder.open(folder.resolve("prepared"));
    RowBinding binding =
        encoder.bind(Set.of("user", "item", "scenario", "price", "url", "tags", "age", "kind"));
    Map<String, Object> row = new HashMap<>();
    row.putAll(Map.of("user", "new", "item", "new", "scenario", "s", "age", 20, "kind", "l"));
    row.put("price", null);
    row.put("url", null);
    row.put("tags", null);
    Batch batch = binding.newBatch(1);
    binding.encode(RawRows.of(List.of(row)), 0, 1, 0, batch);

    assertThat(((Ids) batch.fields.get(field("age_kind"))).ids()).containsExactly(3);
  }

  @Test
  void extendedDataKeepsBoundsHashesAndCrosses() {
    prepared();
    ListReader later = twelveRows();
    change(
        later,
        RawTable.INTERACTIONS,
        "price",
        values -> asList(9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 1.0, 1.0, 1.0));
    change(later, RawTable.ITEMS, "kind", values -> asList("new", "l", "k&"));
    Path target = folder.resolve("extended");
    PreparationRequest request =
        new PreparationRequest(
            Preparations.config(Preparations.BY_TIME, 1),
            target,
            512L << 20,
            2,
            false,
            folder.resolve("prepared"),
            "FILE");
    DatasetPreparation.prepare(later, request, Progress.NONE);
    PreparedData extended = PreparedData.open(target);

    assertThat(ids(extended, "price")).containsExactly(3, 3, 3, 3, 3, 3, 3, 2, 1, 1, 1, 1);
    PreparedIds ids = PreparedIds.open(target);
    assertThat(ids.extend(PreparedIds.open(folder.resolve("prepared")))).isTrue();
    assertThat(ids.values(extended.manifest().fields().get(field("age_kind"))))
        .containsExactly(
            "up to 18 & k\\&",
            "18 to 25 & k\\&",
            "18 to 25 & l",
            "\\- & k\\&",
            "up to 18 & new",
            "18 to 25 & new",
            "\\- & new");
    assertThat(ids(extended, "age_kind")).containsExactly(5, 6, 5, 3, 5, 7, 1, 6, 0, 5, 6, 0);
  }

  private static void change(
      ListReader reader, RawTable table, String column, UnaryOperator<List<?>> change) {
    reader
        .tables
        .get(table)
        .replaceAll((name, values) -> name.equals(column) ? change.apply(values) : values);
  }

  @Test
  void inspectionAndSlicesKnowThem() throws IOException {
    prepared().close();
    Path prepared = folder.resolve("prepared");

    assertThat(Preparations.inspect(prepared, folder.resolve("scratch")).checks())
        .extracting(LeakCheck::found)
        .allSatisfy(found -> assertThat(found == null || found == 0).isTrue());
    assertThat(RowSlices.of(prepared, Split.TEST, List.of("price", "url", "age_kind")))
        .extracting(slicing -> slicing.slices().get(0))
        .containsExactly("up to 1", "bucket 363 of 1000", "up to 18 & k\\&");
  }

  static List<FieldKind> wrongKinds() {
    return List.of(
        new FieldKind.Bucketed(0, List.of()),
        new FieldKind.Bucketed(1, List.of()),
        new FieldKind.Bucketed(-3, List.of()),
        new FieldKind.Bucketed(3, List.of(1.0)),
        new FieldKind.Bucketed(0, List.of(2.0, 1.0)),
        new FieldKind.Bucketed(0, List.of(Double.NaN)),
        new FieldKind.Hashed(1, false),
        new FieldKind.Hashed(Integer.MAX_VALUE, true),
        new FieldKind.Crossed(List.of("age"), 0),
        new FieldKind.Crossed(List.of("age", "age"), 0),
        new FieldKind.Crossed(List.of("age", "tags"), 0),
        new FieldKind.Crossed(List.of("age", "age_kind"), 0),
        new FieldKind.Crossed(List.of("age", "unknown"), 0),
        new FieldKind.Crossed(List.of("age", "kind"), 1));
  }

  @ParameterizedTest
  @MethodSource("wrongKinds")
  void whatCannotBeIsRefusedByItsName(FieldKind kind) {
    ListReader reader = twelveRows().field("wrong", RawTable.INTERACTIONS, kind);

    assertThatThrownBy(
            () ->
                Preparations.prepare(
                    reader,
                    Preparations.config(Preparations.BY_TIME, 1),
                    folder.resolve("prepared")))
        .hasMessageMatching("(?s)\\[data/(BUCKETS|CROSS)] The field 'wrong' .*Fix its .*");
    assertThat(Files.exists(folder.resolve("prepared"))).isFalse();
  }
}
