package org.llm4msr.runtime.data.rows;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.RandomAccess;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.toolkit.arrow.ArrowRows;

/** Rows of raw values by column name, to be encoded as a model sees them. */
public interface RawRows {

  /** Returns how many rows there are. */
  int size();

  /** Returns the names of the columns. */
  Set<String> columns();

  /** Returns whether a row has a column at all; its value may be null. */
  boolean has(String column, int row);

  /**
   * Returns one value: a text, a whole or real number, a boolean, a list of such, or null.
   *
   * @param column one of {@link #columns}
   * @param row from 0
   */
  @Nullable Object get(String column, int row);

  /** Returns what is wrong with a row as a whole, such as too few values; null for most. */
  default @Nullable String fault(int row) {
    return null;
  }

  /** Returns rows given as maps, which need not have the same keys. */
  static RawRows of(List<? extends Map<String, ?>> given) {
    // Rows are asked for by number, once a column.
    List<? extends Map<String, ?>> rows =
        given instanceof RandomAccess ? given : new ArrayList<>(given);
    Set<String> columns = new LinkedHashSet<>();
    for (int row = 0; row < rows.size(); row++) {
      Map<String, ?> values = rows.get(row);
      if (values == null) {
        throw DataErrors.user("NULL_ROW", "Row %d is null. Leave it out.".formatted(row));
      }
      columns.addAll(values.keySet());
    }
    return new RawRows() {
      @Override
      public int size() {
        return rows.size();
      }

      @Override
      public Set<String> columns() {
        return columns;
      }

      @Override
      public boolean has(String column, int row) {
        return rows.get(row).containsKey(column);
      }

      @Override
      public @Nullable Object get(String column, int row) {
        return rows.get(row).get(column);
      }
    };
  }

  /**
   * Returns the rows of an Arrow batch; a view, valid as long as the batch. Timestamps in the
   * column {@code time}, also of the events of a past, are milliseconds since 1970, those without a
   * zone of UTC. Reading a column that is dictionary-encoded, or another of times, throws an {@code
   * MsrException} of type USER.
   */
  static RawRows of(VectorSchemaRoot root) {
    Set<String> columns = new LinkedHashSet<>();
    root.getSchema().getFields().forEach(field -> columns.add(field.getName()));
    return new RawRows() {
      @Override
      public int size() {
        return root.getRowCount();
      }

      @Override
      public Set<String> columns() {
        return columns;
      }

      @Override
      public boolean has(String column, int row) {
        return columns.contains(column);
      }

      @Override
      public @Nullable Object get(String column, int row) {
        FieldVector vector = root.getVector(column);
        if (vector.getField().getDictionary() != null) {
          throw DataErrors.user(
              "DICTIONARY",
              "Column '%s' is dictionary-encoded, but a batch does not bring its dictionary. Pass the result of DictionaryEncoder.decode."
                  .formatted(column));
        }
        return column.equals(GivenHistory.COLUMN) && EventLists.isOf(vector)
            ? EventLists.read(vector, row, (part, at) -> value(part.getName(), part, at))
            : value(column, vector, row);
      }
    };
  }

  private static @Nullable Object value(String column, FieldVector vector, int row) {
    if (column.equals(RawSchema.TIME) && vector instanceof TimeStampVector times) {
      return times.isNull(row) ? null : millis(times, row);
    }
    requireNoTimes(column, vector.getField());
    return ArrowRows.value(vector, row);
  }

  private static long millis(TimeStampVector times, int row) {
    ArrowType.Timestamp type = (ArrowType.Timestamp) times.getField().getType();
    TimeUnit unit =
        switch (type.getUnit()) {
          case SECOND -> TimeUnit.SECONDS;
          case MILLISECOND -> TimeUnit.MILLISECONDS;
          case MICROSECOND -> TimeUnit.MICROSECONDS;
          case NANOSECOND -> TimeUnit.NANOSECONDS;
        };
    return unit.toMillis(times.get(row));
  }

  /** Arrow gives times as numbers, and a database writes them as texts. */
  private static void requireNoTimes(String column, Field field) {
    boolean isTime =
        switch (field.getType().getTypeID()) {
          case Date, Time, Timestamp, Duration, Interval -> true;
          default -> false;
        };
    if (isTime) {
      throw DataErrors.user(
          "TIME",
          "Column '%s' has the type %s, which can be written as text in more than one way. Pass %s."
              .formatted(
                  column,
                  field.getType(),
                  column.equals(RawSchema.TIME)
                      ? "a timestamp, or milliseconds since 1970"
                      : "texts as in the training data"));
    }
    field.getChildren().forEach(child -> requireNoTimes(column, child));
  }
}
