package org.llm4msr.runtime.knowledge.vectors;

import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;

/**
 * Knowledge that counts in place of what is stored, also of users and items that the data does not
 * have. Safe for use by several threads.
 */
public interface FreshVectors {

  /** Returns whether there is a vector of any key of a level, so that rows need not be asked. */
  boolean has(Level level);

  /**
   * Returns the vector of a key, always the same array as long as it is the same; null if there is
   * none.
   *
   * @param key the scenario's key, or the raw id of user or item
   */
  float @Nullable [] of(Level level, String key);
}
