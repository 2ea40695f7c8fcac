package org.llm4msr.api.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.function.Supplier;
import org.llm4msr.api.Stability;

/**
 * One forward pass over one batch, on one thread. Arrays made during the pass are closed by the
 * runtime when it ends; keep none of them.
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface Pass {

  /** Returns whether this pass is followed by a backward pass. */
  boolean training();

  /**
   * Returns the step, from 0; 0 outside training. Anything that inference needs to know about
   * training belongs in a {@link ModelContext#buffer buffer}.
   */
  long step();

  /** Returns the manager of temporaries, closed when the pass ends. */
  NDManager manager();

  /** Returns the rows by scenario; group = rank of the scenario, G = S. */
  Grouping scenarios();

  /**
   * Returns the rows by user; groups are the distinct users of the batch, G = U. In training with
   * {@code knowledge.periods} a user's rows of two periods are two groups: their knowledge differs.
   */
  Grouping users();

  /**
   * Returns the rows by item; groups are the distinct items of the batch, G = I. Only for a head
   * that names {@link ModelInput#ITEM_KNOWLEDGE}.
   */
  Grouping items();

  /**
   * Draws a dropout mask: 0 with probability {@code rate}, 1 / (1 - rate) elsewhere. It depends
   * only on the seed, the step and the position of the mask in this pass, so engines, thread counts
   * and resumed runs agree. {@code toolkit.model.Dropout} applies it.
   *
   * @param rate the share of zeros, in [0, 1)
   */
  NDArray dropoutMask(Shape shape, double rate);

  /**
   * Adds a term to the loss, for example for load balancing. Ignored outside training.
   *
   * @param name name in the metrics
   * @param scalar the term, already weighted
   */
  void addLoss(String name, NDArray scalar);

  /**
   * Names a term of the logits, which {@code explain} shows. All terms that a head names add up to
   * its logits.
   *
   * @param values makes the term, (B); called only where somebody asks
   */
  default void term(String name, Supplier<NDArray> values) {}
}
