package org.llm4msr.tck.harness;

import ai.djl.ndarray.types.DataType;
import java.util.List;
import java.util.Map;

/**
 * The result of one training pass of a test. The loss is the sum over rows of factor * logit plus
 * the terms that the model added.
 *
 * @param logits (B)
 * @param gradients of every parameter, by full name, row-major
 * @param inputGradient of the flat input, row-major
 * @param losses the terms that the model added
 */
@SuppressWarnings("ArrayRecordComponent") // Test values, which are not compared with equals.
public record TestPass(
    float[] logits, Map<String, float[]> gradients, float[] inputGradient, List<Loss> losses) {

  /** A term of the loss: a scalar of type float32, if the model keeps the rules. */
  public record Loss(String name, DataType type, float[] values) {}
}
