package org.llm4msr.runtime.data.prepared;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;

/**
 * In which share of the rows a field tells the model nothing: missing, or not in the vocabulary.
 */
public final class UnknownShares {

  private static final int ROWS = 4096;

  private UnknownShares() {}

  /** Returns the share of each field with ids; nothing for a part without rows. */
  public static Map<String, Double> of(PreparedData data, Split split) {
    List<PreparedField> fields = data.manifest().fields();
    long[] unknown = new long[fields.size()];
    long rows = 0;
    try (BatchSource source = data.sequential(split, ROWS)) {
      Batch batch = source.newBatch();
      while (source.next(batch)) {
        rows += batch.size;
        for (int f = 0; f < unknown.length; f++) {
          unknown[f] += unknown(batch.fields.get(f), batch.size);
        }
      }
    }
    Map<String, Double> shares = new LinkedHashMap<>();
    for (int f = 0; rows > 0 && f < unknown.length; f++) {
      if (fields.get(f).hasIds()) {
        shares.put(fields.get(f).name(), unknown[f] / (double) rows);
      }
    }
    return shares;
  }

  private static int unknown(FieldValues values, int rows) {
    int unknown = 0;
    for (int row = 0; row < rows; row++) {
      if (values instanceof FieldValues.Ids ids) {
        unknown += ids.ids()[row] == 0 ? 1 : 0;
      } else if (values instanceof FieldValues.IdLists lists) {
        unknown += lists.hasNoneKnown(row) ? 1 : 0;
      }
    }
    return unknown;
  }
}
