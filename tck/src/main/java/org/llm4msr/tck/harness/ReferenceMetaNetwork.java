package org.llm4msr.tck.harness;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.LayerSpec;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaWeights;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.GroupedRows;

/**
 * The meta network of heads under test: for each layer W(g) = knowledge(g) A + C, no bias, as full
 * matrices.
 */
public final class ReferenceMetaNetwork implements MetaNetwork {

  private final LayerSpec spec;
  private final List<Parameter> maps = new ArrayList<>();
  private final List<Parameter> bases = new ArrayList<>();

  /** Makes the maps of all layers. */
  public ReferenceMetaNetwork(MetaContext context) {
    spec = context.layers();
    for (int i = 0; i < spec.layers().size(); i++) {
      int in = spec.layers().get(i).in();
      int knowledge = context.knowledgeSize();
      long size = (long) in * spec.layers().get(i).out();
      maps.add(parameter(context, "map." + i, new Shape(knowledge, size), knowledge * in));
      bases.add(parameter(context, "base." + i, new Shape(size), in));
    }
  }

  private static Parameter parameter(MetaContext context, String name, Shape shape, int fanIn) {
    return context.model().parameter(name, shape, Initializer.linear(fanIn), Decay.YES);
  }

  @Override
  public MetaWeights generate(Pass pass, NDArray knowledge) {
    NDList weights = new NDList();
    for (int i = 0; i < maps.size(); i++) {
      LayerSpec.Layer layer = spec.layers().get(i);
      weights.add(
          knowledge
              .matMul(maps.get(i).array())
              .add(bases.get(i).array())
              .reshape(knowledge.getShape().get(0), layer.in(), layer.out()));
    }
    return new MetaWeights(weights);
  }

  @Override
  public NDArray apply(Pass pass, MetaWeights weights, Grouping grouping, NDArray x) {
    GroupedRows rows = GroupedRows.of(grouping, x);
    for (int i = 0; i < maps.size(); i++) {
      LayerSpec.Layer layer = spec.layers().get(i);
      rows = rows.times(weights.arrays().get(i)).map(layer.activation()::apply);
    }
    return rows.toRows();
  }

  @Override
  public long bytesPerGroup() {
    return spec.layers().stream().mapToLong(layer -> (long) layer.in() * layer.out()).sum()
        * Float.BYTES;
  }

  @Override
  public boolean cacheable() {
    return true;
  }
}
