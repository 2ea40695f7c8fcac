package org.llm4msr.runtime.knowledge.history;

import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.prepared.Split;

/**
 * The numbers of rows of prepared data that were computed before. They do not change while a model
 * trains, and a row comes again in each epoch or validation. What does not fit in memory is
 * computed again. {@link #begin} is for one thread; then workers may share the rows.
 */
final class KeptNumbers {

  /** So many that the collector does not move a block from one place to another. */
  private static final int ROWS_OF_BLOCK = 16_384;

  private final int width;
  private final List<List<@Nullable SoftReference<float[]>>> parts = new ArrayList<>();
  private long blocksLeft;

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

  /** Returns whether there is room for so many rows more. */
  boolean hasRoomFor(long rows) {
    return (rows + ROWS_OF_BLOCK - 1) / ROWS_OF_BLOCK <= blocksLeft;
  }

  /** Makes room for the rows of a batch, as far as there is any. */
  void begin(Batch batch) {
    for (int row = 0; row < batch.size; row++) {
      makeRoom(parts.get(batch.part), block(batch, row));
    }
  }

  private void makeRoom(List<@Nullable SoftReference<float[]>> part, int block) {
    while (part.size() <= block) {
      part.add(null);
    }
    SoftReference<float[]> kept = part.get(block);
    if (kept == null && blocksLeft > 0) {
      blocksLeft--;
      part.set(block, new SoftReference<>(empty()));
    } else if (kept != null && kept.get() == null) {
      part.set(block, new SoftReference<>(empty()));
    }
  }

  private float[] empty() {
    float[] block = new float[ROWS_OF_BLOCK * width];
    for (int at = 0; at < block.length; at += width) {
      block[at] = Float.NaN;
    }
    return block;
  }

  /** Writes the numbers of a row of the batch, or returns false if they are not kept. */
  boolean read(Batch batch, int row, float[] target, int at) {
    float[] block = numbers(batch, row);
    int offset = offset(batch, row);
    if (block == null || Float.isNaN(block[offset])) {
      return false;
    }
    System.arraycopy(block, offset, target, at, width);
    return true;
  }

  /** Keeps the numbers of a row of the batch if there is room. */
  void keep(Batch batch, int row, float[] source, int at) {
    float[] block = numbers(batch, row);
    if (block != null) {
      System.arraycopy(source, at, block, offset(batch, row), width);
    }
  }

  private float @Nullable [] numbers(Batch batch, int row) {
    SoftReference<float[]> kept = parts.get(batch.part).get(block(batch, row));
    return kept == null ? null : kept.get();
  }

  private static int block(Batch batch, int row) {
    return (int) (batch.row[row] / ROWS_OF_BLOCK);
  }

  private int offset(Batch batch, int row) {
    return (int) (batch.row[row] % ROWS_OF_BLOCK) * width;
  }
}
