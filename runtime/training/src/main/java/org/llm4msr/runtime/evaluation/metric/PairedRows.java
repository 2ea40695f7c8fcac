package org.llm4msr.runtime.evaluation.metric;

/**
 * The rows on which two models were measured.
 *
 * @param user index of each row's user
 * @param positive whether a row has label 1
 * @param first probabilities of the first model
 * @param second probabilities of the second
 */
@SuppressWarnings("ArrayRecordComponent") // Read-only, and large.
public record PairedRows(int[] user, boolean[] positive, float[] first, float[] second) {}
