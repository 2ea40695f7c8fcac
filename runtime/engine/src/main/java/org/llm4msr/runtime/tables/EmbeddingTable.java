package org.llm4msr.runtime.tables;

import static java.util.Objects.requireNonNull;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;

/**
 * The vectors of one field, with the optimiser's state beside each: a row is {@code w | a | b}, so
 * that an update touches one stretch of memory. Rows lie in chunks, so that a table may outgrow the
 * largest Java array.
 */
public final class EmbeddingTable {

  /** Deviation of the initial values, that of the reference code. */
  public static final double INITIAL_DEVIATION = 1e-4;

  /** Numbers of a cache line. */
  static final int LINE = 16;

  private static final int CHUNK_FLOATS = 1 << 22;

  private final String name;
  private final int rows;
  private final int dimension;
  private final int stride;
  private final int chunkShift;
  private final float[][] chunks;

  /**
   * Makes a table of zeros.
   *
   * @param dimension D
   * @param stateSlots numbers of optimiser state per element, 0 to 2
   */
  public EmbeddingTable(String name, int rows, int dimension, int stateSlots) {
    this.name = requireNonNull(name, "name is null");
    this.rows = rows;
    this.dimension = dimension;
    this.stride = dimension * (1 + stateSlots);
    this.chunkShift = 31 - Integer.numberOfLeadingZeros(Math.max(1, CHUNK_FLOATS / stride));
    int chunkRows = 1 << chunkShift;
    this.chunks = new float[(int) (((long) rows + chunkRows - 1) >> chunkShift)][];
    for (int c = 0; c < chunks.length; c++) {
      chunks[c] = new float[Math.min(chunkRows, rows - c * chunkRows) * stride];
    }
  }

  /** Draws the values with the deviation of the reference code. */
  public void initialize(long seed, Workers workers) {
    initialize(seed, INITIAL_DEVIATION, workers);
  }

  /** Draws the values; a row's depend only on the seed, the table's name and the row's number. */
  public void initialize(long seed, double deviation, Workers workers) {
    CRC32C crc = new CRC32C();
    crc.update(name.getBytes(StandardCharsets.UTF_8));
    long tableSeed = new SplittableRandom(seed ^ (crc.getValue() << 20)).nextLong();
    workers.range(
        rows,
        4096,
        (worker, from, to) -> {
          for (int row = from; row < to; row++) {
            SplittableRandom random = new SplittableRandom(mix(tableSeed + row));
            float[] chunk = chunk(row);
            int start = offset(row);
            for (int d = 0; d < dimension; d++) {
              chunk[start + d] = (float) (deviation * random.nextGaussian());
            }
          }
        });
  }

  /** Spreads neighbouring numbers, so that the streams of neighbouring rows do not overlap. */
  private static long mix(long z) {
    long y = (z ^ (z >>> 33)) * 0xFF51AFD7ED558CCDL;
    y = (y ^ (y >>> 33)) * 0xC4CEB9FE1A85EC53L;
    return y ^ (y >>> 33);
  }

  /** Returns the name of the field. */
  public String name() {
    return name;
  }

  /** Returns how many rows there are. */
  public int rows() {
    return rows;
  }

  /** Returns D. */
  public int dimension() {
    return dimension;
  }

  /** Returns the numbers of optimiser state per element. */
  public int stateSlots() {
    return stride / dimension - 1;
  }

  /** Returns the array that holds a row, from {@link #offset}. */
  float[] chunk(int row) {
    return chunks[row >>> chunkShift];
  }

  /** Returns where a row begins in its {@link #chunk}. */
  int offset(int row) {
    return (row & ((1 << chunkShift) - 1)) * stride;
  }

  /**
   * Copies the vectors of the ids {@code from} to {@code to - 1} of an array.
   *
   * @param stride how many numbers the copies are apart, at least D
   */
  public void copy(int[] ids, int from, int to, float[] target, int at, int stride) {
    for (int i = from, next = at; i < to; i++, next += stride) {
      System.arraycopy(chunk(ids[i]), offset(ids[i]), target, next, dimension);
    }
  }

  /**
   * Reads a number of each cache line of a row. Reads of several rows do not wait for each other,
   * as copies do: rows that were touched are in the cache when they are copied. A vector of one
   * line, which most are, lies in two and is read without a loop, which would cost as much.
   *
   * @param slots how many numbers of state are read beside the vector, 0 to 2
   * @return a number that depends on all, so that the compiler keeps the reads
   */
  float touch(int row, int slots) {
    float[] chunk = chunk(row);
    int from = offset(row);
    int end = from + dimension * (1 + slots);
    float sum = chunk[from] + chunk[end - 1];
    if (slots > 0) {
      sum += chunk[from + dimension];
    }
    if (slots > 1) {
      sum += chunk[from + 2 * dimension];
    }
    for (int i = LINE; i < dimension; i += LINE) {
      for (int at = from + i; at < end; at += dimension) {
        sum += chunk[at];
      }
    }
    return sum;
  }

  /**
   * Copies one part of consecutive rows into an array.
   *
   * @param slot 0: the vectors, 1 and 2: the state
   * @param target ((to - from) * D)
   */
  public void read(int slot, int from, int to, float[] target) {
    for (int row = from; row < to; row++) {
      System.arraycopy(
          chunk(row), offset(row) + slot * dimension, target, (row - from) * dimension, dimension);
    }
  }

  /** Copies one part of consecutive rows from an array; the inverse of {@link #read}. */
  public void write(int slot, int from, int to, float[] source) {
    for (int row = from; row < to; row++) {
      System.arraycopy(
          source, (row - from) * dimension, chunk(row), offset(row) + slot * dimension, dimension);
    }
  }
}
