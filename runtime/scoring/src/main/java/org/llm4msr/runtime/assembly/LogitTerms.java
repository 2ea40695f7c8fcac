package org.llm4msr.runtime.assembly;

import java.util.Map;

/**
 * The logits of a batch and what they are made of.
 *
 * @param logits (B)
 * @param terms by the names that the fusion head gives them, (B) each, in its order; empty where it
 *     names none
 */
@SuppressWarnings("ArrayRecordComponent") // Read once, by whoever asked.
public record LogitTerms(float[] logits, Map<String, float[]> terms) {}
