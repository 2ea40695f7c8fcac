package org.llm4msr.runtime.data.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.IntervalUnit;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.MsrException;

class RawRowsTest {

  /** It would take a minute for 100,000 rows. */
  @Test
  void aLinkedListIsNotSearchedForEachValue() {
    List<Map<String, Object>> linked =
        new LinkedList<>(List.of(Map.of("user", 7), Map.of("user", 8))) {
          @Override
          public Map<String, Object> get(int row) {
            throw new AssertionError("walks from the end");
          }
        };

    assertThat(RawRows.of(linked).get("user", 1)).isEqualTo(8);
  }

  @Test
  void aRowThatIsNullIsNamed() {
    List<Map<String, Object>> rows = new ArrayList<>(List.of(Map.of("user", 7)));
    rows.add(null);

    assertThatThrownBy(() -> RawRows.of(rows))
        .hasMessage("[data/NULL_ROW] Row 1 is null. Leave it out.");
  }

  @Test
  void indicesOfADictionaryAreNoValues() {
    FieldType type =
        new FieldType(true, new ArrowType.Int(32, true), new DictionaryEncoding(1, false, null));
    try (BufferAllocator allocator = new RootAllocator();
        IntVector user = new IntVector("user", type, allocator);
        VectorSchemaRoot root = VectorSchemaRoot.of(user)) {
      user.setSafe(0, 0);
      root.setRowCount(1);

      assertThatThrownBy(() -> RawRows.of(root).get("user", 0))
          .isInstanceOf(MsrException.class)
          .hasMessageContaining("Column 'user' is dictionary-encoded");
    }
  }

  static Stream<Field> times() {
    Field day = Field.nullable("seen", new ArrowType.Date(DateUnit.DAY));
    return Stream.of(
        day,
        Field.nullable("seen", new ArrowType.Time(TimeUnit.SECOND, 32)),
        Field.nullable("seen", new ArrowType.Timestamp(TimeUnit.MICROSECOND, null)),
        Field.nullable("seen", new ArrowType.Timestamp(TimeUnit.MICROSECOND, "Asia/Shanghai")),
        Field.nullable("seen", new ArrowType.Duration(TimeUnit.SECOND)),
        Field.nullable("seen", new ArrowType.Interval(IntervalUnit.YEAR_MONTH)),
        new Field("seen", FieldType.nullable(ArrowType.List.INSTANCE), List.of(day)));
  }

  /** Day 19,113 of Arrow is 2022-05-01 to a database, and would be unknown without a word. */
  @ParameterizedTest
  @MethodSource("times")
  void timesAreRefusedByTheirColumn(Field field) {
    Field user = Field.nullable("user", new ArrowType.Int(32, true));
    try (BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot root =
            VectorSchemaRoot.create(new Schema(List.of(user, field)), allocator)) {
      root.allocateNew();
      ((IntVector) root.getVector("user")).set(0, 7);
      root.setRowCount(1);
      RawRows rows = RawRows.of(root);

      assertThat(rows.get("user", 0)).isEqualTo(7);
      assertThatThrownBy(() -> rows.get("seen", 0))
          .hasMessageStartingWith("[data/TIME] Column 'seen' has the type ")
          .hasMessageEndingWith("Pass texts as in the training data.");
    }
  }

  /** The 2nd of January 1970 at noon, which is 129,600,000 ms, and a millisecond's fraction. */
  @ParameterizedTest
  @CsvSource({
    "SECOND, , 129600, 129600000",
    "MILLISECOND, UTC, 129600123, 129600123",
    "MICROSECOND, , 129600123456, 129600123",
    "MICROSECOND, Asia/Shanghai, 129600123456, 129600123",
    "NANOSECOND, UTC, 129600123456789, 129600123",
  })
  void timestampsOfTheRowAreMilliseconds(
      TimeUnit unit, @Nullable String zone, long value, long millis) {
    Field field = Field.nullable("time", new ArrowType.Timestamp(unit, zone));
    try (BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot root = VectorSchemaRoot.create(new Schema(List.of(field)), allocator)) {
      root.allocateNew();
      TimeStampVector times = (TimeStampVector) root.getVector("time");
      times.set(0, value);
      times.setNull(1);
      root.setRowCount(2);
      RawRows rows = RawRows.of(root);

      assertThat(rows.get("time", 0)).isEqualTo(millis);
      assertThat(rows.get("time", 1)).isNull();
    }
  }

  @Test
  void aDayIsNoTimeOfARow() {
    Field field = Field.nullable("time", new ArrowType.Date(DateUnit.DAY));
    try (BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot root = VectorSchemaRoot.create(new Schema(List.of(field)), allocator)) {
      assertThatThrownBy(() -> RawRows.of(root).get("time", 0))
          .hasMessageStartingWith("[data/TIME] Column 'time' has the type Date(DAY)")
          .hasMessageEndingWith("Pass a timestamp, or milliseconds since 1970.");
    }
  }
}
