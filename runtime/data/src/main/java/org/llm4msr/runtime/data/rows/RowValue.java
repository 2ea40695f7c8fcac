package org.llm4msr.runtime.data.rows;

import org.jspecify.annotations.Nullable;

/**
 * What a model reads in a column of a row.
 *
 * @param column which
 * @param value a text, a {@code List<String>}, a {@code Double} or a {@code List<Double>} by the
 *     kind of the column; of events a list of texts and mappings; null where it is missing
 * @param origin null where nothing tells it, as of a column that rows need not bring
 */
public record RowValue(
    ScoringColumn column, @Nullable Object value, @Nullable Origin origin, State state) {

  /** Where a value comes from. */
  public enum Origin {
    /** The context of the request. */
    CONTEXT,
    /** The fields of the item in the request. */
    ITEM,
    /** What is stored of the user. */
    STORED_USER,
    /** What is stored of the item. */
    STORED_ITEM,
    /** The id of the user, the item or the scenario. */
    ID
  }

  /** What a value tells the model. */
  public enum State {
    /** Something. */
    KNOWN,
    /** Nothing, since the vocabulary does not have it. */
    UNKNOWN,
    /** Nothing, since there is none. */
    MISSING
  }
}
