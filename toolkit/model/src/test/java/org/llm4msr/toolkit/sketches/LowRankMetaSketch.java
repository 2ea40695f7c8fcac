package org.llm4msr.toolkit.sketches;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.LayerSpec;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaWeights;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.GroupedRows;
import org.llm4msr.toolkit.model.Linear;

/** Generated layers y = B (A x) + b with factors of rank 2, so that a group takes little memory. */
final class LowRankMetaSketch implements MetaNetwork {

  private static final int RANK = 2;

  private final List<LayerSpec.Layer> layers;
  private final List<Linear> down = new ArrayList<>();
  private final List<Linear> up = new ArrayList<>();
  private final List<Linear> bias = new ArrayList<>();

  LowRankMetaSketch(MetaContext context) {
    layers = context.layers().layers();
    for (int i = 0; i < layers.size(); i++) {
      ModelContext layer = context.model().scope("layer." + i);
      int knowledge = context.knowledgeSize();
      down.add(new Linear(layer.scope("down"), knowledge, layers.get(i).in() * RANK));
      up.add(new Linear(layer.scope("up"), knowledge, RANK * layers.get(i).out()));
      bias.add(new Linear(layer.scope("bias"), knowledge, layers.get(i).out()));
    }
  }

  @Override
  public MetaWeights generate(Pass pass, NDArray knowledge) {
    long groups = knowledge.getShape().get(0);
    NDList arrays = new NDList();
    for (int i = 0; i < layers.size(); i++) {
      arrays.add(down.get(i).forward(knowledge).reshape(groups, layers.get(i).in(), RANK));
      arrays.add(up.get(i).forward(knowledge).reshape(groups, RANK, layers.get(i).out()));
      arrays.add(bias.get(i).forward(knowledge));
    }
    return new MetaWeights(arrays);
  }

  @Override
  public NDArray apply(Pass pass, MetaWeights weights, Grouping grouping, NDArray x) {
    NDList arrays = weights.arrays();
    GroupedRows rows = GroupedRows.of(grouping, x);
    for (int i = 0; i < layers.size(); i++) {
      rows =
          rows.times(arrays.get(3 * i))
              .linear(arrays.get(3 * i + 1), arrays.get(3 * i + 2))
              .map(layers.get(i).activation()::apply);
    }
    return rows.toRows();
  }

  @Override
  public long bytesPerGroup() {
    return layers.stream()
        .mapToLong(l -> ((long) RANK * (l.in() + l.out()) + l.out()) * Float.BYTES)
        .sum();
  }

  @Override
  public boolean cacheable() {
    return true;
  }
}
