package org.llm4msr.toolkit.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.List;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Grouping.Segment;

/**
 * Sends the rows of each group through its own part of the model. Groups without rows are left out,
 * and rows are reached with {@code split}, whose gradient costs no more with many groups.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class ScenarioRouter {

  private ScenarioRouter() {}

  /** The computation for the rows of one group. */
  @FunctionalInterface
  public interface Branch {

    /**
     * Computes the rows of one group.
     *
     * @param group the number of the group, for scenarios the rank
     * @param rows (n, ...), at least one
     * @return (n, ...), of the same width for every group
     */
    NDArray apply(int group, NDArray rows);
  }

  /** The computation for the rows of one group in several arrays. */
  @FunctionalInterface
  public interface WideBranch {

    /** Computes the rows of one group; see {@link Branch#apply}. */
    NDArray apply(int group, NDList rows);
  }

  /** Applies a branch to the rows of each group: (B, ...) to (B, ...), in the order of x. */
  public static NDArray apply(Grouping grouping, NDArray x, Branch branch) {
    return apply(
        grouping, new NDList(x), (group, rows) -> branch.apply(group, rows.singletonOrThrow()));
  }

  /** Applies a branch to the rows of each group in several arrays, (B, ...) each. */
  public static NDArray apply(Grouping grouping, NDList inputs, WideBranch branch) {
    List<Segment> segments = grouping.segments();
    List<NDList> pieces = inputs.stream().map(x -> pieces(grouping, x)).toList();
    NDList results = new NDList(segments.size());
    for (int i = 0; i < segments.size(); i++) {
      NDList rows = new NDList(pieces.size());
      for (NDList piece : pieces) {
        rows.add(piece.get(i));
      }
      results.add(branch.apply(segments.get(i).group(), rows));
    }
    return grouping.restore(join(results));
  }

  /** Returns the ordered rows of each segment. */
  static NDList pieces(Grouping grouping, NDArray x) {
    List<Segment> segments = grouping.segments();
    NDArray ordered = grouping.order(x);
    if (segments.size() == 1) {
      return new NDList(ordered);
    }
    return ordered.split(segments.stream().skip(1).mapToLong(Segment::from).toArray(), 0);
  }

  static NDArray join(NDList pieces) {
    return pieces.size() == 1 ? pieces.get(0) : NDArrays.concat(pieces, 0);
  }
}
