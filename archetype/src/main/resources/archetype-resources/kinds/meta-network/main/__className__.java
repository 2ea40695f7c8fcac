package ${package};

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.LayerSpec;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaWeights;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.Linear;
import org.llm4msr.toolkit.model.Scale;

/**
 * Layers whose matrices all groups share, and whose outputs knowledge scales and shifts: h(i) =
 * act((1 + strength (A k + a)) * W h(i-1) + B k + b).
 */
final class ${className} implements MetaNetwork {

  private record Layer(Parameter weight, Linear scale, Linear shift, Activation activation) {}

  private final List<Layer> layers = new ArrayList<>();
  private final double strength;
  private final long numbersPerGroup;

  ${className}(${className}Config config, MetaContext context) {
    strength = config.strength();
    for (LayerSpec.Layer spec : context.layers().layers()) {
      ModelContext scope = context.model().scope("layer." + layers.size());
      Shape shape = new Shape(spec.in(), spec.out());
      layers.add(
          new Layer(
              scope.parameter("weight", shape, Initializer.linear(spec.in()), Decay.YES),
              new Linear(scope.scope("scale"), context.knowledgeSize(), spec.out()),
              new Linear(scope.scope("shift"), context.knowledgeSize(), spec.out()),
              spec.activation()));
    }
    numbersPerGroup = 2L * context.layers().widths().stream().mapToInt(Integer::intValue).sum();
  }

  @Override
  public MetaWeights generate(Pass pass, NDArray knowledge) {
    NDList arrays = new NDList();
    for (Layer layer : layers) {
      arrays.add(Scale.by(layer.scale().forward(knowledge), strength)); // (G, out)
      arrays.add(layer.shift().forward(knowledge)); // (G, out)
    }
    return new MetaWeights(arrays);
  }

  @Override
  public NDArray apply(Pass pass, MetaWeights weights, Grouping grouping, NDArray x) {
    NDArray rows = x;
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      NDArray scale = grouping.rowValues(weights.arrays().get(2 * i)); // (B, out)
      NDArray shift = grouping.rowValues(weights.arrays().get(2 * i + 1)); // (B, out)
      NDArray products = rows.matMul(layer.weight().array());
      rows = layer.activation().apply(products.mul(scale.add(1)).add(shift));
    }
    return rows;
  }

  @Override
  public long bytesPerGroup() {
    return numbersPerGroup * Float.BYTES;
  }

  @Override
  public boolean cacheable() {
    return true;
  }
}
