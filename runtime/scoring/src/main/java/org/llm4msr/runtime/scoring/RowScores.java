package org.llm4msr.runtime.scoring;

/**
 * The scores of rows.
 *
 * @param scores probability of the main label, NaN for a row that cannot be read
 * @param further probabilities of the further labels, by label and then by row
 */
@SuppressWarnings("ArrayRecordComponent") // Handed on to whoever asked.
public record RowScores(float[] scores, float[][] further) {

  /** Returns room for so many rows and labels. */
  static RowScores of(int rows, int labels) {
    return new RowScores(new float[rows], new float[labels][rows]);
  }
}
