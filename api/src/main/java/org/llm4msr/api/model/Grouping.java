package org.llm4msr.api.model;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.llm4msr.api.Stability;

/**
 * How the B rows of a batch fall into G groups (its scenarios or its users), as an index plan made
 * once per batch. "Ordered" means rows sorted by group, rows of one group in the order of the
 * batch. All operations carry gradients and work on every engine. Reach the rows of a group through
 * {@link #order} and {@link Segment}s with {@code split}, never with slices: the gradient of each
 * slice fills the whole batch.
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface Grouping {

  /** Returns B. */
  int rows();

  /** Returns G: S for scenarios (those without rows included), U for users. */
  int groups();

  /** Returns the groups that have rows, by rank, with their ranges in the ordered rows. */
  List<Segment> segments();

  /** Puts rows in order: (B, ...) to (B, ...). */
  NDArray order(NDArray x);

  /** Undoes {@link #order}: (B, ...) to (B, ...). */
  NDArray restore(NDArray ordered);

  /** Gives each row the values of its group: (G, ...) to (B, ...). */
  NDArray rowValues(NDArray perGroup);

  /**
   * Returns the plan over B * k rows in which k consecutive rows of the same group replace each
   * row.
   */
  Grouping repeated(int k);

  /**
   * Cuts the plan into plans over at most {@code maxGroups} consecutive groups each. The rows of a
   * part are its {@link Part#from} to {@link Part#to} of the ordered rows, in that order.
   */
  List<Part> parts(int maxGroups);

  /**
   * The rows of one group in the ordered rows.
   *
   * @param group the group, 0 to G - 1
   * @param from its first ordered row
   * @param to the position after its last
   */
  record Segment(int group, int from, int to) {

    /** Returns how many rows there are, at least 1. */
    public int rows() {
      return to - from;
    }
  }

  /**
   * A plan over some of the groups.
   *
   * @param grouping the plan over these rows and groups, both counted from 0
   * @param from the first ordered row
   * @param to the position after the last
   * @param firstGroup the first group
   */
  record Part(Grouping grouping, int from, int to, int firstGroup) {}
}
