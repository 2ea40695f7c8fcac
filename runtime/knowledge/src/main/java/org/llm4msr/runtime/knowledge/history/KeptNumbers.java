package org.llm4msr.runtime.knowledge.history;

import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.tables.Batch;

/**
 * The numbers of rows of prepared data that were computed before. They do not change while a model
 * trains, and a row comes again in each epoch or validation. What does not fit in memory is
 * computed again. {@link #begin} is for one thread; then workers may share the rows.
 */
final class KeptNumbers {

  private static final int ROWS_OF_BLOCK = 1024;

  private final int width;
  private final List<List<@Nullable SoftReference<float[]>>> parts = new ArrayList<>();
  private long blocksLeft;
  private Batch batch = new Batch(0, List.of());
  private float[] @Nullable [] blocks = new float[0][]; // By row of the batch; null for no room.

  /**
   * Keeps nothing yet.
   *
   * @param width numbers a row; the first is never NaN
   * @param bytes how much may be kept; less where memory is short
   */
  KeptNumbers(int width, long bytes) {
    this.width = width;
    blocksLeft = bytes / ((long) ROWS_OF_BLOCK * width * Float.BYTES);
    for (int part = 0; part < Split.values().length; part++) {
      parts.add(new ArrayList<>());
    }
  }

  /** Takes the next batch, and holds what is kept of its rows. */
  void begin(Batch next) {
    batch = next;
    if (blocks.length < next.size) {
      blocks = new float[next.size][];
    }
    for (int row = 0; row < next.size; row++) {
      blocks[row] = block(parts.get(next.part), (int) (next.row[row] / ROWS_OF_BLOCK));
    }
  }

  private float @Nullable [] block(List<@Nullable SoftReference<float[]>> part, int number) {
    while (part.size() <= number) {
      part.add(null);
    }
    SoftReference<float[]> reference = part.get(number);
    float[] kept = reference == null ? null : reference.get();
    if (kept != null) {
      return kept;
    }
    if (reference == null) {
      if (blocksLeft == 0) {
        return null;
      }
      blocksLeft--;
    }
    float[] block = new float[ROWS_OF_BLOCK * width];
    for (int at = 0; at < block.length; at += width) {
      block[at] = Float.NaN;
    }
    part.set(number, new SoftReference<>(block));
    return block;
  }

  /** Writes the numbers of a row of the batch, or returns false if they are not kept. */
  boolean read(int row, float[] target, int at) {
    float[] block = blocks[row];
    if (block == null || Float.isNaN(block[offset(row)])) {
      return false;
    }
    System.arraycopy(block, offset(row), target, at, width);
    return true;
  }

  /** Keeps the numbers of a row of the batch if there is room. */
  void keep(int row, float[] source, int at) {
    float[] block = blocks[row];
    if (block != null) {
      System.arraycopy(source, at, block, offset(row), width);
    }
  }

  private int offset(int row) {
    return (int) (batch.row[row] % ROWS_OF_BLOCK) * width;
  }
}
