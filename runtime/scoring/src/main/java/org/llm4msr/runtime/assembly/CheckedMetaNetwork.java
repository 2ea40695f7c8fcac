package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaWeights;
import org.llm4msr.api.model.Pass;

/** A meta network that is called as a {@link CheckedPart}. */
final class CheckedMetaNetwork implements MetaNetwork {

  private final MetaNetwork network;
  private final CheckedPart part;

  CheckedMetaNetwork(MetaNetwork network, CheckedPart part) {
    this.network = network;
    this.part = part;
  }

  @Override
  public MetaWeights generate(Pass pass, NDArray knowledge) {
    return part.call(
        "generate()",
        pass,
        Map.of("knowledge", knowledge),
        () -> network.generate(pass, knowledge));
  }

  @Override
  public NDArray apply(Pass pass, MetaWeights weights, Grouping grouping, NDArray x) {
    NDArray y =
        part.call("apply()", pass, Map.of("x", x), () -> network.apply(pass, weights, grouping, x));
    part.requireOpen("apply()", "y", y);
    return y;
  }

  @Override
  public long bytesPerGroup() {
    return network.bytesPerGroup();
  }

  @Override
  public boolean cacheable() {
    return network.cacheable();
  }
}
