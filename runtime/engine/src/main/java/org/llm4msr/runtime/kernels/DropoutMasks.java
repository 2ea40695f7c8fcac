package org.llm4msr.runtime.kernels;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.BatchShare;
import org.llm4msr.runtime.tables.Workers;

/**
 * Draws the masks of dropout from (seed, step, number of the mask in its pass): the same on every
 * engine, for any number of threads, and after a resume. On PyTorch and a CPU a mask is a view of
 * memory that the next step overwrites.
 */
public final class DropoutMasks {

  private static final long GOLDEN = 0x9E3779B97F4A7C15L;
  private static final int GRAIN = 1 << 14;

  /** Multiples of the step of splitmix64: a loop over them runs in vector registers. */
  private static final long[] STEPS = new long[512];

  static {
    for (int i = 0; i < STEPS.length; i++) {
      STEPS[i] = (i + 1) * GOLDEN;
    }
  }

  private final long seed;
  private final Workers workers;
  private final List<ByteBuffer> memory = new ArrayList<>();

  /** Makes the masks of one training. */
  public DropoutMasks(long seed, Workers workers) {
    this.seed = seed;
    this.workers = workers;
  }

  /** Makes masks that the calling thread draws. */
  public DropoutMasks(long seed) {
    this(seed, new Workers(1));
  }

  /**
   * Returns mask {@code number} of a step.
   *
   * @param rate the share of zeros, to within 2^-32; the other elements are 1 / (1 - rate)
   */
  public NDArray mask(NDManager manager, long step, int number, Shape shape, double rate) {
    return mask(manager, step, number, shape, rate, null);
  }

  /**
   * Returns what a worker has of mask {@code number}: its rows, where the first axis is the rows of
   * its share; otherwise numbers that no other worker draws.
   *
   * @param share null where the pass has all rows of the batch
   */
  public NDArray mask(
      NDManager manager,
      long step,
      int number,
      Shape shape,
      double rate,
      @Nullable BatchShare share) {
    long start = mix(mix(mix(seed) + step) + number);
    if (share == null || share.before() == 0) {
      return mask(manager, number, shape, rate, start, 0);
    }
    boolean ofRows = shape.dimension() > 0 && shape.get(0) == share.rows();
    return ofRows
        ? mask(manager, number, shape, rate, start, share.before() * (shape.size() / share.rows()))
        : mask(manager, number, shape, rate, mix(start + share.before()), 0);
  }

  /** Returns the elements of a mask from the number {@code first} on. */
  private NDArray mask(
      NDManager manager, int number, Shape shape, double rate, long seedOfMask, long first) {
    int bytes = Math.toIntExact(shape.size() * Float.BYTES);
    int skipped = (int) (first % 2) * Float.BYTES;
    int pairs = (skipped + bytes + Long.BYTES - 1) / Long.BYTES;
    ByteBuffer target = memory(number, pairs * Long.BYTES);
    LongBuffer pairsOfTarget = target.asLongBuffer();
    long start = seedOfMask + first / 2 * GOLDEN;
    long dropped = (long) (rate * (1L << 32));
    long kept = Float.floatToRawIntBits((float) (1 / (1 - rate)));
    workers.range(
        pairs,
        GRAIN,
        (worker, from, to) -> {
          long[] drawn = new long[STEPS.length];
          for (int at = from; at < to; at += drawn.length) {
            draw(drawn, start + at * GOLDEN, dropped, kept);
            pairsOfTarget.put(at, drawn, 0, Math.min(drawn.length, to - at));
          }
        });
    ByteBuffer elements = target.slice(skipped, bytes).order(target.order());
    return manager.create(elements, shape, DataType.FLOAT32);
  }

  /**
   * Draws pairs of elements, the first in the low half: one number of 64 bits decides about two.
   */
  private static void draw(long[] pairs, long start, long dropped, long kept) {
    for (int i = 0; i < pairs.length; i++) {
      long bits = mix(start + STEPS[i]);
      long first = ~(((bits >>> 32) - dropped) >> 63) & kept;
      long second = ~(((bits & 0xFFFFFFFFL) - dropped) >> 63) & kept;
      pairs[i] = first | (second << 32);
    }
  }

  private ByteBuffer memory(int number, int bytes) {
    if (number == memory.size()) {
      memory.add(ByteBuffer.allocateDirect(bytes));
    } else if (memory.get(number).capacity() < bytes) {
      memory.set(number, ByteBuffer.allocateDirect(bytes));
    }
    return memory.get(number).slice(0, bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The finaliser of splitmix64 (Steele, Lea, Flood, 2014). */
  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
