package org.llm4msr.tck.harness;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaWeights;
import org.llm4msr.api.model.Pass;

/**
 * A meta network under test whose weights are observed, and can be kept from one pass to the next.
 */
public final class WatchedMetaNetwork implements MetaNetwork {

  private final MetaNetwork network;
  private final boolean keepsWeights;
  private @Nullable List<Kept> kept;

  /** Watches a network; with {@code keepsWeights}, weights are generated in the first pass only. */
  public WatchedMetaNetwork(MetaNetwork network, boolean keepsWeights) {
    this.network = network;
    this.keepsWeights = keepsWeights;
  }

  @SuppressWarnings("ArrayRecordComponent") // Written once, read once.
  private record Kept(Shape shape, float[] values) {

    static Kept of(NDArray array) {
      return new Kept(array.getShape(), array.toFloatArray());
    }

    NDArray copy(Pass pass) {
      return pass.manager().create(values, shape);
    }
  }

  /** Returns the shapes of the weights that were generated. */
  public List<Shape> shapes() {
    return kept == null ? List.of() : kept.stream().map(Kept::shape).toList();
  }

  @Override
  public MetaWeights generate(Pass pass, NDArray knowledge) {
    List<Kept> first = kept;
    if (keepsWeights && first != null) {
      NDList again = new NDList();
      first.forEach(array -> again.add(array.copy(pass)));
      return new MetaWeights(again);
    }
    MetaWeights weights = network.generate(pass, knowledge);
    List<Kept> seen = new ArrayList<>();
    weights.arrays().forEach(array -> seen.add(Kept.of(array)));
    kept = seen;
    return weights;
  }

  @Override
  public NDArray apply(Pass pass, MetaWeights weights, Grouping grouping, NDArray x) {
    return network.apply(pass, weights, grouping, x);
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
