package org.llm4msr.tck.zoo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Set;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.model.Pass;

/** Uses some features of the engine without changing a result, and declares some. */
final class NeedsOfTheEngine extends Flaw {

  private final Set<EngineFeature> named;
  private final Set<EngineFeature> used;

  NeedsOfTheEngine(Set<EngineFeature> named, Set<EngineFeature> used) {
    this.named = named;
    this.used = used;
  }

  @Override
  Set<EngineFeature> engineFeatures() {
    return named;
  }

  @Override
  NDArray output(Pass pass, NDArray x, NDArray y) {
    NDArray result = y;
    for (EngineFeature feature : used) {
      NDArray column = use(feature, pass.manager(), x).sum(new int[] {1});
      result = result.add(perRow(column.mul(0), y));
    }
    return result;
  }

  private static NDArray use(EngineFeature feature, NDManager manager, NDArray x) {
    Shape column = new Shape(x.getShape().get(0), 1);
    return switch (feature) {
      case GATHER -> x.gather(manager.zeros(column, DataType.INT64), 1);
      case SCATTER -> x.scatter(manager.zeros(column, DataType.INT64), manager.ones(column), 1);
      case TOP_K -> x.topK(2, 1).get(0);
      case BFLOAT16, SCRIPT -> throw new IllegalArgumentException("no array has " + feature);
    };
  }
}
