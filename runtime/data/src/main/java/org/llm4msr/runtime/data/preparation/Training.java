package org.llm4msr.runtime.data.preparation;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawTable;

/**
 * What fields learn from.
 *
 * @param fields all of the data, in order
 * @param rows of the training part, which come first
 * @param minFrequency how many of them a value needs to be known, not counting drawn negatives: an
 *     item of one row that is drawn would be known, one that is not would be a positive of id 0
 * @param base the data that is extended, or null
 * @param distant what counts the values of the log, where they are elsewhere; null where they are
 *     in the table {@code keyed}
 */
record Training(
    List<FieldPlan> fields,
    long rows,
    int minFrequency,
    @Nullable BaseData base,
    @Nullable DistantRows distant) {

  /**
   * Returns what a field is learned from, each with the {@code weight} of how many rows it is of,
   * and how many of these are {@code logged}.
   */
  String values(FieldPlan plan) {
    if (plan.home() != RawTable.INTERACTIONS) {
      return "(SELECT *, training_rows AS weight, logged_rows AS logged FROM "
          + EntityTables.raw(plan.home())
          + " WHERE training_rows > 0)";
    }
    return distant == null
        ? "(SELECT *, 1 AS weight, (NOT drawn)::INTEGER AS logged FROM keyed WHERE n < "
            + rows
            + ")"
        : distant.values(plan);
  }
}
