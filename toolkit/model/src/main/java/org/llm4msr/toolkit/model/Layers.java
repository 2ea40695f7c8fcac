package org.llm4msr.toolkit.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.llm4msr.api.Stability;
import org.llm4msr.api.internal.ChainedLayer;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.internal.LayerPass;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;

/**
 * Operations that the runtime computes in fewer passes over memory than the engine, where it can.
 * Layers of this package use them; these are for parameters that a model holds itself. Arrays are
 * float32; results belong to the pass, which closes them.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class Layers {

  private Layers() {}

  /** Asks the runtime; empty where the engine's operations are to compute the layer. */
  static <T> Optional<T> of(Pass pass, Function<LayerPass, Optional<T>> layer) {
    return pass instanceof LayerPass runtime ? layer.apply(runtime) : Optional.empty();
  }

  static Optional<NDArray> layer(Pass pass, NDArray x, ChainedLayer layer) {
    return of(pass, runtime -> runtime.layers(x, List.of(layer)));
  }

  /**
   * Computes {@code x W + b}: (B, n) to (B, m).
   *
   * @param weight (n, m)
   * @param bias (m)
   */
  public static NDArray linear(Pass pass, NDArray x, Parameter weight, Parameter bias) {
    return linear(pass, x, weight, bias, Follow.NOTHING);
  }

  /**
   * Computes {@code act(x W + b)} with weights that the pass computed: (B, n) to (B, m).
   *
   * @param weight (n, m)
   * @param bias (m)
   */
  public static NDArray linear(
      Pass pass, NDArray x, NDArray weight, NDArray bias, Activation activation) {
    return of(pass, runtime -> runtime.layer(x, weight, bias, new Follow(activation, null)))
        .orElseGet(() -> activation.apply(product(pass, x, weight).add(bias)));
  }

  static NDArray linear(Pass pass, NDArray x, Parameter weight, Parameter bias, Follow follow) {
    return layer(pass, x, new ChainedLayer(weight, bias, follow))
        .orElseGet(() -> follow.applyTo(product(pass, x, weight.array()).add(bias.array())));
  }

  /**
   * Computes {@code act(plus + x W)}: (B, n) to (B, m).
   *
   * @param plus (B, m)
   * @param weight (n, m)
   */
  public static NDArray addProduct(
      Pass pass, NDArray plus, NDArray x, Parameter weight, Activation activation) {
    return layer(pass, x, new ChainedLayer(weight, null, plus, new Follow(activation, null)))
        .orElseGet(() -> activation.apply(plus.add(product(pass, x, weight.array()))));
  }

  /**
   * A layer {@code x W + b}.
   *
   * @param weight (n, m)
   * @param bias (m)
   */
  public record Affine(Parameter weight, Parameter bias) {

    private ChainedLayer chained() {
      return new ChainedLayer(weight, bias, Follow.NOTHING);
    }
  }

  /**
   * Computes several layers of the same rows, where the runtime can faster than by a call for each:
   * (B, n) to (B, m).
   */
  public static NDList linear(Pass pass, NDArray x, List<Affine> layers) {
    List<ChainedLayer> chained = layers.stream().map(Affine::chained).toList();
    return new NDList(
        of(pass, runtime -> runtime.sideBySide(x, chained))
            .orElseGet(() -> layers.stream().map(l -> linear(pass, x, l.weight, l.bias)).toList()));
  }

  /** Multiplies as {@link LayerPass#product} says. */
  static NDArray product(Pass pass, NDArray left, NDArray right) {
    return pass instanceof LayerPass runtime ? runtime.product(left, right) : left.matMul(right);
  }

  /** Returns the result of one layer in another shape, for the next. */
  public static NDArray reshape(Pass pass, NDArray x, Shape shape) {
    return of(pass, runtime -> runtime.reshape(x, shape)).orElseGet(() -> x.reshape(shape));
  }
}
