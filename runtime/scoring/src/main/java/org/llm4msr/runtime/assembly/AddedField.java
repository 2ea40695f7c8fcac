package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.runtime.model.ParameterArray;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.tables.EmbeddingTable;

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

  /** The field of the similarities to the user's history. */
  static final String HISTORY = "history";

  /**
   * Makes the field of a model.
   *
   * @param inputs n
   */
  static AddedField of(ParameterStore store, String name, int inputs, int width) {
    return of(store, name, inputs, width, Initializer.linear(inputs));
  }

  /** Makes the part of a field's embedding that is a map of the item's vector; at first it is 0. */
  static AddedField ofColdItems(ParameterStore store, int inputs, int width) {
    Initializer small = new Initializer.Normal(EmbeddingTable.INITIAL_DEVIATION);
    return of(store, "cold-items", inputs, width, small);
  }

  private static AddedField of(
      ParameterStore store, String name, int inputs, int width, Initializer initial) {
    return new AddedField(
        store.parameter(
            "knowledge", name + "/weight", new Shape(inputs, width), initial, Decay.YES),
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
