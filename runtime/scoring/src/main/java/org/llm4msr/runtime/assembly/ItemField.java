package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.runtime.model.ParameterArray;
import org.llm4msr.runtime.model.ParameterStore;

/**
 * The knowledge of each row's item as one more field of the flat input: a learned linear map, so
 * that any backbone and head reads it unchanged.
 *
 * @param weight (K, width)
 */
record ItemField(ParameterArray weight) {

  /** The name of the field. */
  static final String NAME = "item-knowledge";

  /** Makes the field of a model. */
  static ItemField of(ParameterStore store, int knowledgeSize, int width) {
    return new ItemField(
        store.parameter(
            "knowledge",
            NAME + "/weight",
            new Shape(knowledgeSize, width),
            Initializer.linear(knowledgeSize),
            Decay.YES));
  }

  /**
   * Returns the flat input with the field at its end: (B, W + width).
   *
   * @param flat (B, W)
   * @param knowledge (I, K)
   */
  NDArray append(NDArray flat, Grouping items, NDArray knowledge) {
    NDArray field = items.rowValues(knowledge.matMul(weight.array()));
    return NDArrays.concat(new NDList(flat, field), 1);
  }
}
