package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.runtime.model.ParameterArray;
import org.llm4msr.runtime.model.ParameterStore;

/**
 * One more field of the flat input: a learned linear map of numbers that have no embedding, so that
 * any backbone and head reads it unchanged.
 *
 * @param weight (n, width)
 * @param bias (width)
 */
record AddedField(ParameterArray weight, ParameterArray bias) {

  /** The field of the knowledge of the row's item. */
  static final String ITEM = "item-knowledge";

  /** What stands in for the embeddings of values with few training rows; no field of its own. */
  static final String COLD = "cold-items";

  /** The field of the similarities to the user's history. */
  static final String HISTORY = "history";

  /**
   * Makes the field of a model.
   *
   * @param inputs n
   */
  static AddedField of(ParameterStore store, String name, int inputs, int width) {
    return new AddedField(
        store.parameter(
            "knowledge",
            name + "/weight",
            new Shape(inputs, width),
            Initializer.linear(inputs),
            Decay.YES),
        store.parameter(
            "knowledge", name + "/bias", new Shape(width), Initializer.zeros(), Decay.NO));
  }

  /** Maps numbers (rows, n) to (rows, width). */
  NDArray map(NDArray numbers) {
    return numbers.matMul(weight.array()).add(bias.array());
  }

  /** Returns the flat input (B, W) with a field (B, width) at its end. */
  static NDArray append(NDArray flat, NDArray field) {
    return NDArrays.concat(new NDList(flat, field), 1);
  }
}
