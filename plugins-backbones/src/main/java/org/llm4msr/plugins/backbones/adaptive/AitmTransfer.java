package org.llm4msr.plugins.backbones.adaptive;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.List;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.BlockSettings;
import org.llm4msr.toolkit.model.Linear;
import org.llm4msr.toolkit.model.Mlp;
import org.llm4msr.toolkit.model.Scale;

/**
 * What one scenario of {@link Aitm} takes over from the previous one, by attention over two
 * vectors.
 */
final class AitmTransfer {

  private final Mlp handing;
  private final Linear key;
  private final Linear query;
  private final Linear value;
  private final double scale;

  AitmTransfer(ModelContext context, int width, BlockSettings settings) {
    handing = new Mlp(context.scope("transfer"), width, List.of(width), settings);
    ModelContext attention = context.scope("attention");
    key = new Linear(attention.scope("key"), width, width);
    query = new Linear(attention.scope("query"), width, width);
    value = new Linear(attention.scope("value"), width, width);
    scale = 1 / Math.sqrt(width);
  }

  /** Mixes a scenario's own (n, H) with the vectors of the previous scenario: (n, H). */
  NDArray forward(Pass pass, NDArray own, NDArray before) {
    NDArray received = handing.forward(pass, before);
    NDArray weights = NDArrays.concat(new NDList(score(own), score(received)), 1).softmax(-1);
    NDArray values = NDArrays.stack(new NDList(value.forward(own), value.forward(received)), 1);
    return weights.expandDims(1).matMul(values).squeeze(1);
  }

  private NDArray score(NDArray x) {
    NDArray product = key.forward(x).mul(query.forward(x));
    return Scale.by(product.sum(new int[] {1}, true), scale);
  }
}
