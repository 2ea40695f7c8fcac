package org.llm4msr.api.internal;

import ai.djl.ndarray.NDArray;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Parameter;

/**
 * One of several layers through which rows pass: {@code x W + b + plus} and what follows.
 *
 * @param weight (n, m), or (e, n, m) part by part; (G, ...) for the matrices of the rows' groups
 * @param bias (e * m), or (G, e * m); null without
 * @param plus (B, e * m), float32, in the order of the rows that are multiplied; null without
 */
@Stability(level = Stability.Level.INTERNAL, since = "0.1")
public record ChainedLayer(
    Parameter weight, @Nullable Parameter bias, @Nullable NDArray plus, Follow follow) {

  /** Adds no other rows. */
  public ChainedLayer(Parameter weight, @Nullable Parameter bias, Follow follow) {
    this(weight, bias, null, follow);
  }
}
