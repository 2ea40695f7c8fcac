package org.llm4msr.tck.code;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import java.util.function.BiFunction;

/** Every form of a product by a number, one per line. */
final class ProductsByNumbers {

  static final BiFunction<NDArray, Number, NDArray> REFERENCE = NDArray::pow;

  private ProductsByNumbers() {}

  static NDArray of(NDArray x) {
    NDArray quotient = x.div(3);
    NDArray product = NDArrays.mul(2, quotient);
    return product.muli(4L);
  }
}
