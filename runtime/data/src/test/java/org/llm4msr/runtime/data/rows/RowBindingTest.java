package org.llm4msr.runtime.data.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.batch.FieldValues.Numbers;
import org.llm4msr.runtime.config.SplitConfig;
import org.llm4msr.runtime.data.preparation.ListReader;
import org.llm4msr.runtime.data.preparation.Preparations;

/** Rows of values, read with the vocabularies and numbers of prepared data. */
class RowBindingTest {

  private static final int ROWS = 60;

  /** The places of fields in the data. */
  private static final int HOUR = 0;

  private static final int PRICE = 1;
  private static final int TAGS = 2;
  private static final int CITY = 3;

  @TempDir static Path folder;
  private static RowEncoder encoder;

  /** Users 0 to 4 live in c0 to c4; half of the rows have the price 8, the others 12. */
  @BeforeAll
  static void prepare() {
    ListReader reader =
        new ListReader()
            .table(
                RawTable.INTERACTIONS,
                "user",
                column(i -> String.valueOf(i % 5)),
                "item",
                column(i -> "i" + i % 7),
                "scenario",
                column(i -> i % 2 == 0 ? "feed" : "search"),
                "label",
                column(i -> i % 3 == 0 ? 1L : 0L),
                "hour",
                column(i -> String.valueOf(7 + i % 3)),
                "price",
                column(i -> i % 2 == 0 ? 8.0 : 12.0),
                "tags",
                column(i -> List.of("a", "b")))
            .table(
                RawTable.USERS,
                "user",
                List.of("0", "1", "2", "3", "4"),
                "city",
                List.of("c0", "c1", "c2", "c3", "c4"))
            .field("hour", RawTable.INTERACTIONS, new FieldKind.Categorical())
            .field("price", RawTable.INTERACTIONS, new FieldKind.Numeric())
            .field("tags", RawTable.INTERACTIONS, new FieldKind.MultiCategorical())
            .field("city", RawTable.USERS, new FieldKind.Categorical());
    Path target = folder.resolve("prepared");
    Preparations.prepare(
            reader,
            Preparations.config(Preparations.split(SplitConfig.By.RANDOM), 1, "feed", "search"),
            target)
        .close();
    encoder = RowEncoder.open(target);
  }

  private static <T> List<T> column(IntFunction<T> value) {
    return IntStream.range(0, ROWS).mapToObj(value).toList();
  }

  private static Map<String, Object> row(Object user) {
    Map<String, Object> row = new HashMap<>();
    row.put("user", user);
    row.put("item", "i4");
    row.put("scenario", "feed");
    row.put("hour", 7);
    row.put("price", 8);
    row.put("tags", List.of("a", "b"));
    return row;
  }

  private static Map<String, Object> with(String column, Object value) {
    Map<String, Object> row = row(3);
    row.put(column, value);
    return row;
  }

  private static Batch encode(List<Map<String, Object>> rows) {
    RawRows raw = RawRows.of(rows);
    RowBinding binding = encoder.bind(raw.columns());
    Batch batch = binding.newBatch(rows.size());
    binding.encode(raw, 0, rows.size(), 0, batch);
    return batch;
  }

  private static int id(Batch batch, int field, int row) {
    return ((Ids) batch.fields.get(field)).ids()[row];
  }

  private static float price(Batch batch, int row) {
    return ((Numbers) batch.fields.get(PRICE)).values()[row];
  }

  private static List<Integer> tags(Batch batch, int row) {
    IdLists lists = (IdLists) batch.fields.get(TAGS);
    return IntStream.range(lists.offsets[row], lists.offsets[row + 1])
        .mapToObj(i -> lists.ids[i])
        .toList();
  }

  /** All values are known; prices are 8 or 12, so that 8 lies below their mean. */
  @Test
  void valuesAreThoseOfTheData() {
    Batch batch = encode(List.of(row(3), with("scenario", "search")));

    assertThat(batch.size).isEqualTo(2);
    assertThat(encoder.userKeys().get(batch.user[0])).isEqualTo("3");
    assertThat(encoder.itemKeys().get(batch.item[0])).isEqualTo("i4");
    assertThat(encoder.manifest().scenarioKeys().get(batch.scenario[1])).isEqualTo("search");
    assertThat(id(batch, HOUR, 0)).isBetween(1, 3);
    assertThat(price(batch, 0)).isNegative();
    assertThat(tags(batch, 0)).containsExactlyInAnyOrder(1, 2);
    assertThat(id(batch, CITY, 0)).isBetween(1, 5);
  }

  @Test
  void rowsThatCannotBeReadAreLeftOut() {
    Map<String, Object> incomplete = row(3);
    incomplete.remove("hour");
    RawRows rows =
        RawRows.of(
            List.of(
                incomplete,
                row(3),
                with("price", "cheap"),
                with("scenario", "mall"),
                with("user", 4)));
    RowBinding binding = encoder.bind(rows.columns());
    Batch batch = binding.newBatch(5);
    int[] places = new int[5];
    List<RowException> malformed = new ArrayList<>();

    binding.encodeReadable(rows, 0, 5, 100, batch, places, malformed::add);

    assertThat(batch.size).isEqualTo(2);
    assertThat(places).startsWith(1, 4);
    assertThat(batch.user)
        .startsWith(encoder.userKeys().indexOf("3"), encoder.userKeys().indexOf("4"));
    assertThat(malformed)
        .extracting(RowException::row, RowException::code)
        .containsExactly(
            tuple(100L, "data/MISSING_COLUMN"),
            tuple(102L, "data/BAD_VALUE"),
            tuple(103L, "data/UNKNOWN_SCENARIO"));
    assertThat(malformed.get(1).text())
        .isEqualTo(
            "Column 'price' has 'cheap' in row 102; expected a number. Fix the row or leave the"
                + " value empty.");
    assertThat(malformed.get(2).text())
        .isEqualTo(
            "Column 'scenario' has 'mall' in row 103; the model knows [feed, search]. Leave such"
                + " rows out, or train a model with this scenario.");
  }

  @Test
  void aRowThatIsFaultyAsAWholeIsNoRow() {
    RawRows rows =
        new RawRows() {
          private final RawRows sound = RawRows.of(List.of(row(3)));

          @Override
          public int size() {
            return 1;
          }

          @Override
          public Set<String> columns() {
            return sound.columns();
          }

          @Override
          public boolean has(String column, int row) {
            return sound.has(column, row);
          }

          @Override
          public Object get(String column, int row) {
            return sound.get(column, row);
          }

          @Override
          public String fault(int row) {
            return "3 values, but the header names 6 columns";
          }
        };
    RowBinding binding = encoder.bind(rows.columns());

    assertThatThrownBy(() -> binding.encode(rows, 0, 1, 1, binding.newBatch(1)))
        .hasMessage(
            "[data/BAD_ROW] Row 1 has 3 values, but the header names 6 columns. Fix it, or leave"
                + " it out.");
  }

  /** A service may put rows of several callers into one call. */
  @Test
  void aRowIsReadTheSameBesideRowsThatBringMore() {
    Batch stored = encode(List.of(row(1), row(3)));
    Map<String, Object> moved = row(1);
    moved.put("city", "c3");

    Batch batch = encode(List.of(moved, row(1)));

    assertThat(id(batch, CITY, 0)).isEqualTo(id(stored, CITY, 1));
    assertThat(id(batch, CITY, 1)).isEqualTo(id(stored, CITY, 0)).isNotEqualTo(id(stored, CITY, 1));
    Map<String, Object> less = row(3);
    less.remove("hour");
    assertThatThrownBy(() -> encode(List.of(row(3), less)))
        .hasMessageContaining("[data/MISSING_COLUMN] Row 1 has no hour");
  }

  /** A missing number is the mean, from which the prices of the data are equally far. */
  @Test
  void anEmptyTextIsAMissingNumber() {
    Batch batch =
        encode(
            List.of(with("price", ""), with("price", null), with("price", 8), with("price", 12)));

    assertThat(price(batch, 0)).isEqualTo(price(batch, 1)).isZero();
    assertThat(price(batch, 2)).isLessThan(0);
    assertThat(price(batch, 3)).isGreaterThan(0);
  }

  /** The events of the model are of the spring of 2022. */
  @Test
  void secondsAreNoTimes() {
    RowEncoder timed = encoder.with(new ModelEvents(1_649_376_000_000L, 1_651_968_000_000L));
    RawRows rows =
        RawRows.of(List.of(with("time", 1_650_000_000_000L), row(3), with("time", 1_650_000_000L)));
    RowBinding binding = timed.bind(rows.columns());
    Batch batch = binding.newBatch(3);

    binding.encode(rows, 0, 2, 0, batch);
    assertThat(batch.time).startsWith(1_650_000_000_000L, Long.MAX_VALUE);
    assertThatThrownBy(() -> binding.encode(rows, 2, 1, 2, batch))
        .hasMessageContaining(
            "[data/BAD_VALUE] Column 'time' has 1650000000 in row 2, which is 1970-01-20T02:20:00Z:"
                + " it seems to be in seconds.");
  }

  /** Answers with what it is asked: 1 for a known key, 2 for another, 3 for the row's own. */
  private static final class Asked implements RowVectors {

    private static final float[] KNOWN = {1, 0};
    private static final float[] NEW = {2, 0};

    @Override
    public int dimension(Level level) {
      return level == Level.USER ? 0 : 2;
    }

    @Override
    public float @Nullable [] of(
        Level level, @Nullable String key, boolean known, float @Nullable [] given) {
      return given == null ? ("i4".equals(key) && known ? KNOWN : NEW) : given;
    }

    @Override
    public float @Nullable [] @Nullable [] ofScenarios(List<String> keys) {
      return keys.stream().map(key -> key.equals("search") ? NEW : null).toArray(float[][]::new);
    }
  }

  @Test
  void aRowHasTheVectorsThatTheChainGivesForItsKeys() {
    RawRows rows =
        RawRows.of(
            List.of(
                row(3),
                with("item", "i99"),
                with("item_vector", List.of(3, 4)),
                with("item_vector", "")));
    RowBinding binding = encoder.with(new Asked()).bind(rows.columns());
    Batch batch = binding.newBatch(4);
    binding.encode(rows, 0, 4, 0, batch);

    assertThat((Object[]) batch.itemVectors)
        .containsExactly(Asked.KNOWN, Asked.NEW, new float[] {3, 4}, Asked.KNOWN);
    assertThat(IntStream.range(0, 4).filter(row -> batch.isReplaced(Level.ITEM, row)))
        .containsExactly(0, 1, 3);
    assertThat(batch.userVectors).as("a level without vectors").isNull();
    assertThat(batch.vector(Level.SCENARIO, 0)).as("feed").isNull();
    assertThat((Object[]) batch.scenarioVectors).containsExactly(null, Asked.NEW);
  }

  @Test
  void refusesAVectorOfAnItemThatIsOfAnotherWidth() {
    RawRows rows = RawRows.of(List.of(with("item_vector", List.of(3, 4, 5))));
    RowBinding binding = encoder.with(new Asked()).bind(rows.columns());

    assertThatThrownBy(() -> binding.encode(rows, 0, 1, 0, binding.newBatch(1)))
        .hasMessageContaining("[data/VECTOR_SIZE]")
        .hasMessageContaining("item_vector");
  }

  @ParameterizedTest
  @CsvSource({"user, 3.0, 3", "hour, 7.0, 7"})
  void valuesThatBecameRealAreToldWhereTheWholeOnesAreKnown(
      String column, String value, String known) {
    assertThatThrownBy(() -> encode(List.of(with(column, value))))
        .hasMessageContaining(
            "Column '%s' has '%s' in row 0; the model knows '%s'. Write values as"
                .formatted(column, value, known));
  }

  @ParameterizedTest
  @CsvSource({"user, unknown.0", "user, #3", "user, '''3'''", "hour, 99.0", "hour, x7.0"})
  void otherValuesAreUnknown(String column, String value) {
    Batch batch = encode(List.of(with(column, value)));

    if (column.equals("user")) {
      assertThat(batch.user[0]).isEqualTo(encoder.userKeys().size());
    } else {
      assertThat(id(batch, HOUR, 0)).isZero();
    }
  }
}
