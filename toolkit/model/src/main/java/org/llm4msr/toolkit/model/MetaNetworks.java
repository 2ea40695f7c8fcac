package org.llm4msr.toolkit.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import java.util.List;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Grouping.Part;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.Pass;

/** Runs a meta network over a batch, for fusion heads. */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class MetaNetworks {

  /** The number of groups whose weights are generated together; it bounds the memory of a pass. */
  public static final int GROUPS_AT_ONCE = 512;

  /** In training, more groups are taken together while their weights take no more than this. */
  private static final long BYTES_AT_ONCE = 64L << 20;

  private MetaNetworks() {}

  /**
   * Generates the weights of every group and applies them to its rows, some hundred groups at a
   * time, or more in training where their weights are small.
   *
   * @param knowledge (G, K)
   * @param x (B, inputWidth)
   * @return (B, outputWidth)
   */
  public static NDArray apply(
      Pass pass, MetaNetwork network, Grouping grouping, NDArray knowledge, NDArray x) {
    long most = pass.training() ? BYTES_AT_ONCE / Math.max(1, network.bytesPerGroup()) : 0;
    int atOnce = (int) Math.max(GROUPS_AT_ONCE, Math.min(most, grouping.groups()));
    if (grouping.groups() <= atOnce) {
      return run(pass, network, grouping, knowledge, x);
    }
    List<Part> parts = grouping.parts(atOnce);
    NDArray ordered = grouping.order(x);
    NDList rows = cut(ordered, parts.stream().mapToLong(Part::from).skip(1).toArray());
    NDList known = knowledgeOf(knowledge, parts);
    NDList results = new NDList(parts.size());
    for (int i = 0; i < parts.size(); i++) {
      results.add(run(pass, network, parts.get(i).grouping(), known.get(i), rows.get(i)));
    }
    return grouping.restore(ScenarioRouter.join(results));
  }

  private static NDArray run(
      Pass pass, MetaNetwork network, Grouping grouping, NDArray knowledge, NDArray rows) {
    if (pass.training()) {
      return network.apply(pass, network.generate(pass, knowledge), grouping, rows);
    }
    // Without a backward pass the generated weights can be freed right after use.
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray result = network.apply(pass, network.generate(pass, knowledge), grouping, rows);
      NDScope.unregister(result);
      return result;
    }
  }

  /** Returns the knowledge of each part; the groups of a part without rows are dropped. */
  private static NDList knowledgeOf(NDArray knowledge, List<Part> parts) {
    if (parts.size() == 1 && parts.get(0).grouping().groups() == knowledge.getShape().get(0)) {
      return new NDList(knowledge);
    }
    NDList pieces = new NDList(parts.size());
    for (Part part : parts) {
      int behind = part.firstGroup() + part.grouping().groups();
      pieces.add(knowledge.get(part.firstGroup() + ":" + behind));
    }
    return pieces;
  }

  private static NDList cut(NDArray x, long[] at) {
    return at.length == 0 ? new NDList(x) : x.split(at, 0);
  }
}
