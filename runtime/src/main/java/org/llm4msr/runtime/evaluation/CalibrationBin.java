package org.llm4msr.runtime.evaluation;

/**
 * Rows whose probabilities lie near each other.
 *
 * @param rows rows, one at least
 * @param meanPrediction their mean probability
 * @param meanLabel their share of positives
 */
public record CalibrationBin(long rows, double meanPrediction, double meanLabel) {}
