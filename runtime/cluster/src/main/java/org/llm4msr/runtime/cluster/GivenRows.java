package org.llm4msr.runtime.cluster;

import static java.util.Objects.requireNonNull;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.ScoringColumn;

/** Rows whose values are objects of the JDK, by column. */
final class GivenRows implements RawRows {

  private final int size;
  private final Map<String, @Nullable Object[]> values;
  private final Map<String, ColumnReader> readers = new LinkedHashMap<>();
  private final @Nullable String @Nullable [] faults;

  /**
   * Makes rows.
   *
   * @param known the columns that the model reads; others among the values are left out
   * @param values as many of each column as there are rows
   * @param faults what is wrong with rows as a whole; null where nothing is
   */
  GivenRows(
      int size,
      List<ScoringColumn> known,
      String listSeparator,
      Map<String, @Nullable Object[]> values,
      @Nullable String @Nullable [] faults) {
    this.size = size;
    this.values = values;
    this.faults = faults;
    for (ScoringColumn column : known) {
      if (values.containsKey(column.name())) {
        readers.put(column.name(), new ColumnReader(column, listSeparator));
      }
    }
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public Set<String> columns() {
    return readers.keySet();
  }

  @Override
  public boolean has(String column, int row) {
    return readers.containsKey(column);
  }

  @Override
  public @Nullable Object get(String column, int row) {
    ColumnReader reader = requireNonNull(readers.get(column), column);
    return reader.read(requireNonNull(values.get(column), column)[row]);
  }

  @Override
  public @Nullable String fault(int row) {
    return faults == null ? null : faults[row];
  }
}
