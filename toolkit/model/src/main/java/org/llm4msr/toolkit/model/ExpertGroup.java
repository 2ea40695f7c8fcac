package org.llm4msr.toolkit.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;
import org.llm4msr.api.internal.ChainedLayer;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;

/**
 * n networks of one shape over the same rows, computed together: the first layers as one product,
 * the others as batched products. Parameters are {@code layer.0/weight} (in, n * h) and, from the
 * second layer on, {@code layer.1/weight} (n, h, h'); biases (n * h).
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
    firstNorm = normOf(scope, experts * width, settings);
    for (int i = 1; i < widths.size(); i++) {
      others.add(new Layer(context.scope("layer." + i), experts, width, widths.get(i), settings));
      width = widths.get(i);
    }
    outputWidth = width;
  }

  /** Computes (B, in) to (B, n, outputWidth). */
  public NDArray forward(Pass pass, NDArray x) {
    NDArray h =
        firstNorm == null
            ? Layers.of(pass, runtime -> runtime.layers(x, chain(pass)))
                .orElseGet(() -> oneByOne(pass, x))
            : oneByOne(pass, x);
    Shape shape = new Shape(x.getShape().get(0), experts, outputWidth);
    return Layers.reshape(pass, h, shape);
  }

  private List<ChainedLayer> chain(Pass pass) {
    List<ChainedLayer> chain = new ArrayList<>();
    chain.add(first.chained(settings.follow(pass)));
    for (Layer layer : others) {
      chain.add(new ChainedLayer(layer.weight, layer.bias, settings.follow(pass)));
    }
    return chain;
  }

  private NDArray oneByOne(Pass pass, NDArray x) {
    UnaryOperator<NDArray> engine = in -> first.forward(pass, in, Follow.NOTHING);
    NDArray h = layer(pass, x, first.weights(), first.biases(), firstNorm, engine);
    for (Layer layer : others) {
      h = layer(pass, h, layer.weight, layer.bias, layer.norm, in -> layer.forward(pass, in));
    }
    return h;
  }

  /**
   * Passes each row through the networks of its group, to n * outputWidth columns. The parameters
   * must have been made in a context of {@code each}, one part per group.
   */
  public GroupedRows forward(Pass pass, GroupedRows rows) {
    return firstNorm == null
        ? rows.layers(chain(pass)).orElseGet(() -> oneByOne(pass, rows))
        : oneByOne(pass, rows);
  }

  private GroupedRows oneByOne(Pass pass, GroupedRows rows) {
    GroupedRows h =
        firstNorm == null
            ? rows.linear(pass, first, settings)
            : rows.linear(first).normalize(pass, firstNorm, settings);
    for (Layer layer : others) {
      h = layer.forward(pass, h, settings);
    }
    return h;
  }

  /** Returns the width of an expert's output. */
  public int outputWidth() {
    return outputWidth;
  }

  /** Returns n. */
  public int experts() {
    return experts;
  }

  /**
   * Passes rows through one layer of all experts.
   *
   * @param x (B, in), (B, n, h) or (B, n * h)
   * @param engine the engine's product, (B, n * h')
   * @return (B, n, h') or (B, n * h')
   */
  private NDArray layer(
      Pass pass,
      NDArray x,
      Parameter weight,
      Parameter bias,
      @Nullable BatchNorm norm,
      UnaryOperator<NDArray> engine) {
    NDArray rows = x.getShape().dimension() == 2 ? x : x.reshape(x.getShape().get(0), -1);
    Follow follow = settings.follow(pass);
    Follow first = norm == null ? follow : Follow.NOTHING;
    Optional<NDArray> computed = Layers.layer(pass, rows, new ChainedLayer(weight, bias, first));
    if (norm == null) {
      return computed.orElseGet(() -> follow.applyTo(apart(engine.apply(x))));
    }
    NDArray product = computed.orElseGet(() -> engine.apply(x));
    return norm.together(pass, product, follow)
        .orElseGet(() -> follow.applyTo(apart(norm.forward(pass, product))));
  }

  /**
   * Lays the experts apart, (B, n * h) to (B, n, h), before the engine's activation: the gradient
   * of its batched product that follows is laid out expert by expert, and the activation turns it
   * into rows without a copy.
   */
  private NDArray apart(NDArray x) {
    return x.reshape(x.getShape().get(0), experts, -1);
  }

  private static @Nullable BatchNorm normOf(
      ModelContext context, int width, BlockSettings settings) {
    return settings.batchNorm() ? new BatchNorm(context.scope("norm"), width) : null;
  }

  /** One layer of all experts: (B, n, in) to (B, n * out). */
  private record Layer(Parameter weight, Parameter bias, @Nullable BatchNorm norm) {

    Layer(ModelContext context, int experts, int in, int out, BlockSettings settings) {
      this(
          context.parameter(
              "weight", new Shape(experts, in, out), Initializer.linear(in), Decay.YES),
          context.parameter(
              "bias", new Shape((long) experts * out), Initializer.linear(in), Decay.NO),
          normOf(context, experts * out, settings));
    }

    NDArray forward(Pass pass, NDArray x) {
      NDArray byExpert = Layers.product(pass, x.transpose(1, 0, 2), weight.array());
      NDArray product = byExpert.transpose(1, 0, 2);
      return product.reshape(x.getShape().get(0), -1).add(bias.array());
    }

    GroupedRows forward(Pass pass, GroupedRows rows, BlockSettings settings) {
      return norm == null
          ? rows.linear(pass, weight, bias, settings)
          : rows.linear(weight, bias).normalize(pass, norm, settings);
    }
  }
}
