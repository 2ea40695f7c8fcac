package org.llm4msr.runtime.data.rows;

import org.jspecify.annotations.Nullable;

/** Knowledge of items that the data does not have. Safe for use by several threads. */
public interface ItemVectors {

  /** The column in which a row may bring the vector of its item, a list of numbers. */
  String COLUMN = "item_vector";

  /** Returns K, the size of a vector as the language model gave it. */
  int dimension();

  /** Returns the vector (K) of an item by its raw id, or null if there is none. */
  float @Nullable [] of(String item);
}
