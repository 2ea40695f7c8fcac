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
    int bytes = Math.toIntExact(shape.size() * Float.BYTES);
    int pairs = bytes / Long.BYTES + (bytes % Long.BYTES == 0 ? 0 : 1);
    ByteBuffer target = memory(number, pairs * Long.BYTES);
    LongBuffer pairsOfTarget = target.asLongBuffer();
    long start = mix(mix(mix(seed) + step) + number);
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
    return manager.create(target.limit(bytes), shape, DataType.FLOAT32);
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
