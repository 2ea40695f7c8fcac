package org.llm4msr.api.internal;

import ai.djl.ndarray.NDArray;
import java.util.Optional;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Grouping;

/**
 * What the groupings of the runtime can do beside what plugins are promised. Models use it through
 * the blocks of {@code llm4msr-toolkit-model}.
 */
@Stability(level = Stability.Level.INTERNAL, since = "0.1")
public interface RowPlan extends Grouping {

  /**
   * Returns a grouping as what the runtime made.
   *
   * @throws IllegalArgumentException if something else made it
   */
  static RowPlan of(Grouping grouping) {
    if (grouping instanceof RowPlan plan) {
      return plan;
    }
    throw new IllegalArgumentException(
        grouping.getClass().getName() + " is no grouping of the runtime: use those of the pass.");
  }

  /** Returns whether rows lie in the order of their groups, so that ordering them is free. */
  boolean isOrdered();

  /** Returns the cheapest layout of the rows for products with one matrix per group. */
  RowBlocks blocks();

  /**
   * Returns products of ordered rows in one call; if the engine has none, empty: then use {@link
   * #blocks}.
   */
  Optional<RowProducts> products();

  /**
   * Multiplies (..., k, n) by (..., n, m) as the engine does, or in bfloat16 where the pass has the
   * engine's products of bfloat16.
   */
  NDArray product(NDArray left, NDArray right);

  /**
   * Returns an array with the same values, below which a backward pass goes only once. A backward
   * pass goes through what lies below {@link #products} and {@link #product} separately from
   * everything else: use the result in place of an array that has a large network below it and also
   * reaches the loss in other ways.
   *
   * @param x of any shape; it need not be ordered
   * @return an array of the shape of x; belongs to the pass, which closes it
   */
  NDArray join(NDArray x);
}
