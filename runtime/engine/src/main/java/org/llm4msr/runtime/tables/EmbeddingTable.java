package org.llm4msr.runtime.tables;

import static java.util.Objects.requireNonNull;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The vectors of one field, with the optimiser's state beside each: a row is {@code w | a | b}, so
 * that an update touches one stretch of memory. Rows lie in chunks, so that a table may outgrow the
 * largest Java array.
 *
 * <p>Of a table that is partitioned, a worker has some rows, {@link #stored}, and beside them the
 * vectors of the rows that a batch reads, by their number in the batch.
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
  private float[][] chunks;

  /** Null of a table that is not partitioned. */
  private final @Nullable Part part;

  /**
   * Makes a table of zeros.
   *
   * @param dimension D
   * @param stateSlots numbers of optimiser state per element, 0 to 2
   */
  public EmbeddingTable(String name, int rows, int dimension, int stateSlots) {
    this(name, rows, dimension, stateSlots, Partition.WHOLE);
  }

  /** Makes what one worker has of a table of zeros. */
  public EmbeddingTable(String name, int rows, int dimension, int stateSlots, Partition partition) {
    this.name = requireNonNull(name, "name is null");
    this.rows = rows;
    this.dimension = dimension;
    part =
        partition.workers() == 1
            ? null
            : new Part(
                partition, new EmbeddingTable(name, partition.room(rows), dimension, stateSlots));
    stride = part == null ? dimension * (1 + stateSlots) : dimension;
    chunkShift = 31 - Integer.numberOfLeadingZeros(Math.max(1, CHUNK_FLOATS / stride));
    chunks = new float[0][];
    makeRoom(part == null ? rows : 0);
  }

  /** What a worker has of a table that is partitioned. */
  private static final class Part {
    private final Partition partition;
    private final EmbeddingTable own;
    private @Nullable TableParts others;

    Part(Partition partition, EmbeddingTable own) {
      this.partition = partition;
      this.own = own;
    }
  }

  /** Makes an empty table of the same form, of which this worker has the same rows. */
  public EmbeddingTable like(String other) {
    Partition own = part == null ? Partition.WHOLE : part.partition;
    return new EmbeddingTable(other, rows, dimension, stateSlots(), own);
  }

  /** Makes room for some rows; what is there stays. */
  void makeRoom(int count) {
    int chunkRows = 1 << chunkShift;
    int needed = (int) (((long) count + chunkRows - 1) >> chunkShift);
    if (chunks.length < needed) {
      chunks = Arrays.copyOf(chunks, needed);
    }
    for (int c = 0; c < needed; c++) {
      int numbers = Math.min(chunkRows, count - c * chunkRows) * stride;
      if (chunks[c] == null) {
        chunks[c] = new float[numbers];
      } else if (chunks[c].length < numbers) {
        chunks[c] = Arrays.copyOf(chunks[c], numbers);
      }
    }
  }

  /**
   * Returns the rows that this worker has, by their numbers among its own; all of a whole table.
   */
  EmbeddingTable stored() {
    return part == null ? this : part.own;
  }

  /** Returns which rows this worker has; null of a table that is not partitioned. */
  @Nullable Partition partition() {
    return part == null ? null : part.partition;
  }

  /** Sets from where {@link #read} gets the rows of others. */
  void readFrom(TableParts others) {
    if (part != null) {
      part.others = others;
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
    EmbeddingTable own = stored();
    workers.range(
        own.rows,
        4096,
        (worker, from, to) -> {
          for (int row = from; row < to; row++) {
            long number = part == null ? row : part.partition.row(row);
            SplittableRandom random = new SplittableRandom(mix(tableSeed + number));
            float[] chunk = own.chunk(row);
            int start = own.offset(row);
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
    return stored().stride / dimension - 1;
  }

  /** Returns whether all numbers that this worker has are finite, those of the state too. */
  boolean isFinite() {
    for (float[] chunk : stored().chunks) {
      for (float number : chunk) {
        if (!Float.isFinite(number)) {
          return false;
        }
      }
    }
    return true;
  }

  /** Returns the array that holds a row, from {@link #offset}; of a partitioned one, a batch's. */
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
   * Copies one part of consecutive rows into an array. Of a partitioned table, the first worker
   * alone may, while the others {@link TableParts#serve}.
   *
   * @param slot 0: the vectors, 1 and 2: the state
   * @param target ((to - from) * D)
   */
  public void read(int slot, int from, int to, float[] target) {
    if (part != null) {
      requireNonNull(part.others, "no other workers").read(this, slot, from, to, target);
      return;
    }
    for (int row = from; row < to; row++) {
      System.arraycopy(
          chunk(row), offset(row) + slot * dimension, target, (row - from) * dimension, dimension);
    }
  }

  /**
   * Copies one part of consecutive rows from an array; the inverse of {@link #read}. A worker takes
   * the rows that are its own.
   */
  public void write(int slot, int from, int to, float[] source) {
    EmbeddingTable own = stored();
    for (int row = from; row < to; row++) {
      int at = row;
      if (part != null) {
        if (part.partition.owner(row) != part.partition.rank()) {
          continue;
        }
        at = part.partition.local(row);
      }
      System.arraycopy(
          source,
          (row - from) * dimension,
          own.chunk(at),
          own.offset(at) + slot * dimension,
          dimension);
    }
  }
}
