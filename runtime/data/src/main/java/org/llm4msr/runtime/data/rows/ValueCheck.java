package org.llm4msr.runtime.data.rows;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;

/** Tells which values can be read as those of rows are, before they become part of a row. */
public final class ValueCheck {

  private final RowBinding binding;
  private final Map<String, ScoringColumn> columns = new HashMap<>();
  private final Map<String, List<Integer>> fields = new HashMap<>();
  private final Map<String, String> lists;
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
      FieldInput input = binding.inputs().get(f);
      if (input.given()) {
        fields.computeIfAbsent(input.column(), name -> new ArrayList<>()).add(f);
      }
    }
    lists = binding.listsByWeights();
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
      read(column, value, null, scratch);
      return null;
    } catch (MsrException e) {
      return e;
    }
  }

  /**
   * Returns why the weights among some values do not fit their lists; null if they do.
   *
   * @param values by column, of which each can be read
   * @param scratch of {@link #newScratch}
   */
  public @Nullable MsrException weightsFault(Map<String, ?> values, Batch scratch) {
    try {
      for (Map.Entry<String, String> entry : lists.entrySet()) {
        Object weights = values.get(entry.getKey());
        if (weights != null) {
          read(entry.getValue(), values.get(entry.getValue()), weights, scratch);
        }
      }
      return null;
    } catch (MsrException e) {
      return e;
    }
  }

  /** Returns the column of the lists whose weights a column has; null for another column. */
  public @Nullable String listOf(String column) {
    return lists.get(column);
  }

  private void read(
      String column, @Nullable Object value, @Nullable Object weights, Batch scratch) {
    List<Integer> readers = fields.get(column);
    if (readers != null) {
      RawValue of = new RawValue(column, 0);
      for (int field : readers) {
        FieldValues target = scratch.fields.get(field);
        binding.inputs().get(field).encode(of, value, weights, target, 0);
      }
    } else if (lists.containsKey(column)) {
      double[] unused = new RawValue(column, 0).weights(value);
    } else if (column.equals(GivenHistory.COLUMN)) {
      binding.requirePast(value);
    } else if (column.equals(RowVectors.COLUMN)) {
      float[] unused = new RawValue(column, 0).vector(value, vectorSize);
    } else if (column.equals(RawSchema.TIME)) {
      binding.requireTime(value);
    }
  }
}
