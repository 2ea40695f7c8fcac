package org.llm4msr.api.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Activation;

/**
 * What follows a layer's product or its normalisation: an activation and dropout.
 *
 * @param masks returns the factors of dropout for results of a shape; null without dropout
 */
@Stability(level = Stability.Level.INTERNAL, since = "0.1")
public record Follow(Activation activation, @Nullable Function<Shape, NDArray> masks) {

  /** Nothing follows. */
  public static final Follow NOTHING = new Follow(Activation.NONE, null);

  /** Applies it by operations of the engine. */
  public NDArray applyTo(NDArray x) {
    NDArray h = activation.apply(x);
    return masks == null ? h : h.mul(masks.apply(h.getShape()));
  }
}
