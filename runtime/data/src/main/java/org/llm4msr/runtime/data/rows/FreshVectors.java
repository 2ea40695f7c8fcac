package org.llm4msr.runtime.data.rows;

import org.jspecify.annotations.Nullable;

/**
 * Knowledge that counts in place of what is stored, also of users and items that the data does not
 * have. Safe for use by several threads.
 */
public interface FreshVectors {

  /**
   * Returns the vector (K) of a user by its raw id, always the same array as long as it is the
   * same; null if there is none.
   */
  float @Nullable [] ofUser(String user);

  /** Returns whether there is a vector of any scenario. */
  boolean hasScenarios();

  /** Returns the vector (K) of a scenario by its key, or null if there is none. */
  float @Nullable [] ofScenario(String scenario);

  /** Returns whether there is a vector of any item, so that rows need not be asked about. */
  boolean hasItems();

  /** Returns the vector (K) of an item by its raw id, or null if there is none. */
  float @Nullable [] ofItem(String item);
}
