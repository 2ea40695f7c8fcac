package org.llm4msr.runtime.data.order;

import org.llm4msr.runtime.data.arrow.ArrowFile;

/** The order in which the rows of a file are drawn. */
public interface RowOrder {

  /**
   * Draws the next rows.
   *
   * @param picks filled with places, see {@link ArrowFile#locate}
   * @return how many; fewer than fit only at the end
   */
  int next(long[] picks);

  /** The order of the file. */
  final class Sequential implements RowOrder {
    private final ArrowFile file;
    private int block;
    private int row;

    public Sequential(ArrowFile file) {
      this.file = file;
    }

    @Override
    public int next(long[] picks) {
      int count = 0;
      while (count < picks.length && block < file.blocks()) {
        picks[count++] = (long) block << 32 | row;
        if (++row == file.rows(block)) {
          block++;
          row = 0;
        }
      }
      return count;
    }
  }
}
