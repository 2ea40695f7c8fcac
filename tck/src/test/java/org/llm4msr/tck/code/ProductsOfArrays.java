package org.llm4msr.tck.code;

import ai.djl.ndarray.NDArray;
import org.llm4msr.toolkit.model.Scale;

/** Products that keep their factors. */
final class ProductsOfArrays {

  private ProductsOfArrays() {}

  static NDArray of(NDArray x) {
    return Scale.by(x.mul(x).add(1).sub(2), 0.5);
  }
}
