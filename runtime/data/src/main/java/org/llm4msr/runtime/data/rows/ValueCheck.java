package org.llm4msr.runtime.data.rows;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.tables.Batch;
import org.llm4msr.runtime.tables.GivenPast;

/** Tells which values can be read as those of rows are, before they become part of a row. */
public final class ValueCheck {

  private final RowBinding binding;
  private final Map<String, ScoringColumn> columns = new HashMap<>();
  private final Map<String, Integer> fields = new HashMap<>();
  private final GivenHistory history = new GivenHistory(item -> -1, scenario -> -1);
  private final int vectorSize;

  /**
   * Knows the columns of a model.
   *
   * @param vectorSize of the vectors that items may bring
   */
  ValueCheck(RowBinding binding, Iterable<ScoringColumn> columns, int vectorSize) {
    this.binding = binding;
    this.vectorSize = vectorSize;
    columns.forEach(column -> this.columns.put(column.name(), column));
    for (int f = 0; f < binding.inputs().size(); f++) {
      if (binding.inputs().get(f).column() != null) {
        fields.put(binding.inputs().get(f).field().name(), f);
      }
    }
  }

  /** Returns a column that a model reads and that is no id; null if it reads none of that name. */
  public @Nullable ScoringColumn column(String name) {
    ScoringColumn column = columns.get(name);
    return column == null || column.isId() ? null : column;
  }

  /** Makes what values are written to; for one thread. */
  public Batch newScratch() {
    return binding.newBatch(1);
  }

  /**
   * Returns why a value of a column of {@link #column} cannot be read; null if it can.
   *
   * @param scratch of {@link #newScratch}
   */
  public @Nullable MsrException fault(String column, @Nullable Object value, Batch scratch) {
    try {
      read(column, value, scratch);
      return null;
    } catch (MsrException e) {
      return e;
    }
  }

  private void read(String column, @Nullable Object value, Batch scratch) {
    Integer field = fields.get(column);
    if (field != null) {
      binding.inputs().get(field).encode(column, value, 0, scratch.fields.get(field), 0);
    } else if (column.equals(GivenHistory.COLUMN)) {
      GivenPast unused = history.read(value, 0);
    } else if (column.equals(ItemVectors.COLUMN)) {
      float[] unused = new RawValue(column, 0).vector(value, vectorSize);
    } else if (column.equals(RawSchema.TIME)) {
      binding.requireTime(value);
    }
  }
}
