package org.llm4msr.runtime.assembly;

import java.util.Map;

/**
 * The logits of a batch and what they are made of.
 *
 * @param logits (B)
 * @param terms by the names that the fusion head gives them, (B) each, in its order; empty where it
 *     names none
 * @param labels logits of the further labels of the model, by label and then (B)
 */
@SuppressWarnings("ArrayRecordComponent") // Read once, by whoever asked.
public record LogitTerms(float[] logits, Map<String, float[]> terms, float[][] labels) {}
