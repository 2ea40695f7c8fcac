package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.runtime.engine.HalfScript;

/** Products of bfloat16 of the engine, recorded on the tape of a pass. */
final class ScriptProduct {

  private ScriptProduct() {}

  /**
   * Multiplies (..., k, n) and (..., n, m), as the engine does where the pass has no such products
   * or they do not pay.
   */
  static NDArray of(Tape tape, NDArray left, NDArray right) {
    HalfScript halves = tape.halves();
    if (halves == null || !pays(left, right)) {
      return left.matMul(right);
    }
    Tape.Leaf ofLeft = tape.take(left);
    Tape.Leaf ofRight = tape.take(right);
    HalfScript.Product product = halves.multiply(tape.manager(), ofLeft.array(), ofRight.array());
    if (!tape.records()) {
      product.close();
    }
    return tape.give(
        product.result(),
        gradient -> {
          if (ofLeft.isWanted()) {
            ofLeft.add(product.toLeft(gradient));
          }
          if (ofRight.isWanted()) {
            ofRight.add(product.toRight(gradient));
          }
        });
  }

  private static boolean pays(NDArray left, NDArray right) {
    Shape rows = left.getShape();
    Shape weights = right.getShape();
    int axes = weights.dimension();
    return left.getDataType() == DataType.FLOAT32
        && right.getDataType() == DataType.FLOAT32
        && axes >= 2
        && rows.dimension() == axes
        && rows.slice(0, axes - 2).equals(weights.slice(0, axes - 2))
        && Math.min(weights.get(axes - 2), weights.get(axes - 1)) >= RowLayer.LEAST_HALF;
  }
}
