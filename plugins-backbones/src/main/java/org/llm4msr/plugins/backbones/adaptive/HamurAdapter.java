package org.llm4msr.plugins.backbones.adaptive;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.BatchNorm;
import org.llm4msr.toolkit.model.GroupedRows;
import org.llm4msr.toolkit.model.Linear;

/** An adapter of {@link Hamur}: down to the bottleneck, sigmoid, up again, added to its input. */
final class HamurAdapter {

  private final Projection down;
  private final Projection up;
  private final BatchNorm norms;

  HamurAdapter(HamurConfig config, ModelContext context, int width) {
    down = new Projection(context.scope("down"), width, config.rank(), config.bottleneck());
    up = new Projection(context.scope("up"), config.bottleneck(), config.rank(), width);
    norms = new BatchNorm(context.each("norm", context.scenarios().size()), width);
  }

  /**
   * Adapts rows.
   *
   * @param matrix of each row: (B, k, k)
   */
  GroupedRows forward(Pass pass, GroupedRows rows, NDArray matrix) {
    NDArray inner = Activation.SIGMOID.apply(down.forward(rows.toRows(), matrix));
    NDArray change = up.forward(inner, matrix);
    return GroupedRows.of(pass.scenarios(), change).normalize(pass, norms).with(rows, NDArray::add);
  }

  /** x U M V + b with U and V of all rows and M of each. */
  private static final class Projection {

    private final Parameter left;
    private final Linear right;

    Projection(ModelContext context, int in, int rank, int out) {
      left = context.parameter("left", new Shape(in, rank), Initializer.linear(in), Decay.YES);
      right = new Linear(context.scope("right"), rank, out);
    }

    NDArray forward(NDArray x, NDArray matrix) {
      NDArray inner = x.matMul(left.array()).expandDims(1).matMul(matrix).squeeze(1);
      return right.forward(inner);
    }
  }
}
