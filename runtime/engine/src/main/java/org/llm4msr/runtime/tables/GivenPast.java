package org.llm4msr.runtime.tables;

/**
 * The past of a user that came with a row, in place of what was logged. Newest first.
 *
 * @param items indices
 * @param scenarios ranks; -1 where it is not known
 * @param positives whether the label of each event was 1
 */
@SuppressWarnings("ArrayRecordComponent") // Handed on, never compared.
public record GivenPast(int[] items, int[] scenarios, boolean[] positives) {}
