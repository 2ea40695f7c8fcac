package org.llm4msr.api.support;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;

/**
 * n networks of one shape over the same rows, computed together: the first layers as one product,
 * the others as batched products. Parameters are {@code layer.0/weight} (in, n * h) and, from the
 * second layer on, {@code layer.1/weight} (n, h, h').
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class ExpertGroup {

  private final int experts;
  private final BlockSettings settings;
  private final Linear first;
  private final @Nullable BatchNorm firstNorm;
  private final List<Layer> others = new ArrayList<>();
  private final int outputWidth;

  /** Makes {@code experts} networks with at least one layer each. */
  public ExpertGroup(
      ModelContext context, int in, int experts, List<Integer> widths, BlockSettings settings) {
    this.experts = experts;
    this.settings = settings;
    ModelContext scope = context.scope("layer.0");
    int width = widths.get(0);
    first = new Linear(scope, in, experts * width);
    firstNorm = settings.batchNorm() ? new BatchNorm(scope.scope("norm"), experts * width) : null;
    for (int i = 1; i < widths.size(); i++) {
      others.add(new Layer(context.scope("layer." + i), experts, width, widths.get(i), settings));
      width = widths.get(i);
    }
    outputWidth = width;
  }

  /** Computes (B, in) to (B, n, outputWidth). */
  public NDArray forward(Pass pass, NDArray x) {
    NDArray h = first.forward(x);
    if (firstNorm != null) {
      h = firstNorm.forward(pass, h);
    }
    h = Dropout.apply(pass, settings.activation().apply(h), settings.dropout());
    h = h.reshape(x.getShape().get(0), experts, -1);
    if (others.isEmpty()) {
      return h;
    }
    h = h.transpose(1, 0, 2);
    for (Layer layer : others) {
      h = layer.forward(pass, h, settings);
    }
    return h.transpose(1, 0, 2);
  }

  /** Returns the width of an expert's output. */
  public int outputWidth() {
    return outputWidth;
  }

  /** Returns n. */
  public int experts() {
    return experts;
  }

  /** One layer of all experts: (n, B, in) to (n, B, out). */
  private record Layer(Parameter weight, Parameter bias, @Nullable BatchNorm norm) {

    Layer(ModelContext context, int experts, int in, int out, BlockSettings settings) {
      this(
          context.parameter(
              "weight", new Shape(experts, in, out), Initializer.linear(in), Decay.YES),
          context.parameter("bias", new Shape(experts, 1, out), Initializer.linear(in), Decay.NO),
          settings.batchNorm()
              ? new BatchNorm(context.scope("norm"), new Shape(experts, 1, out))
              : null);
    }

    NDArray forward(Pass pass, NDArray x, BlockSettings settings) {
      NDArray h = x.matMul(weight.array()).add(bias.array());
      if (norm != null) {
        h = norm.forward(pass, h);
      }
      return Dropout.apply(pass, settings.activation().apply(h), settings.dropout());
    }
  }
}
