package org.llm4msr.runtime.scoring;

/**
 * The scores of rows.
 *
 * @param scores probability of the main label, NaN for a row that cannot be read
 * @param further probabilities of the further labels, by label and then by row
 * @param unknown how many of the rows that can be read name ids that the model does not know
 */
@SuppressWarnings("ArrayRecordComponent") // Handed on to whoever asked.
public record RowScores(float[] scores, float[][] further, UnknownIds unknown) {

  /** Returns room for so many rows and labels. */
  static RowScores of(int rows, int labels) {
    return new RowScores(new float[rows], new float[labels][rows], UnknownIds.NONE);
  }

  RowScores withUnknown(UnknownIds counted) {
    return new RowScores(scores, further, counted);
  }
}
