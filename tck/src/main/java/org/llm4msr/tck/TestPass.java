package org.llm4msr.tck;

import java.util.Map;

/**
 * What one training pass of a test gave, for the loss sum over rows of factor * logit.
 *
 * @param logits (B)
 * @param gradients of every parameter, by full name, row-major
 * @param inputGradient of the flat input, row-major
 */
@SuppressWarnings("ArrayRecordComponent") // Values of a test, compared by hand.
public record TestPass(float[] logits, Map<String, float[]> gradients, float[] inputGradient) {}
