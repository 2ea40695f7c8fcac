package org.llm4msr.runtime.data.rows;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;

/**
 * Which vector counts for a row in place of what the model has stored of its key. Safe for use by
 * several threads.
 */
public interface RowVectors {

  /** The column in which a row may bring the vector of its item, a list of numbers. */
  String COLUMN = "item_vector";

  /** Returns K of a level, as the language model gave it; 0 where the level has no vectors. */
  int dimension(Level level);

  /**
   * Returns a vector (K), always the same array as long as it is the same; null where that which is
   * stored by index counts.
   *
   * @param key raw id; null where the row has none
   * @param known whether the data has the key
   * @param given what the row brings; null for none
   */
  float @Nullable [] of(Level level, @Nullable String key, boolean known, float @Nullable [] given);

  /** Returns the vectors of all scenarios as {@link #of} does; null where it gives none. */
  float @Nullable [] @Nullable [] ofScenarios(List<String> keys);
}
