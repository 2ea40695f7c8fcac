package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.runtime.tables.Workers;

/**
 * Draws the masks of dropout from (seed, step, number of the mask in its pass): the same on every
 * engine, for any number of threads, and after a resume. On PyTorch and a CPU a mask is a view of
 * memory that the next step writes again.
 */
public final class DropoutMasks {

  private static final long GOLDEN = 0x9E3779B97F4A7C15L;
  private static final int GRAIN = 1 << 15;

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
  NDArray mask(NDManager manager, long step, int number, Shape shape, double rate) {
    int count = Math.toIntExact(shape.size());
    ByteBuffer bytes = memory(number, Math.multiplyExact(count, Float.BYTES));
    FloatBuffer target = bytes.asFloatBuffer();
    long start = mix(mix(mix(seed) + step) + number);
    long dropped = (long) (rate * (1L << 32));
    float kept = (float) (1 / (1 - rate));
    workers.range(
        count,
        GRAIN,
        (worker, from, to) -> {
          for (int i = from; i < to; i += 2) {
            long bits = mix(start + ((i >> 1) + 1) * GOLDEN);
            target.put(i, bits >>> 32 < dropped ? 0 : kept);
            if (i + 1 < to) {
              target.put(i + 1, (bits & 0xFFFFFFFFL) < dropped ? 0 : kept);
            }
          }
        });
    return manager.create(bytes, shape, DataType.FLOAT32);
  }

  private ByteBuffer memory(int number, int bytes) {
    if (number == memory.size()) {
      memory.add(ByteBuffer.allocateDirect(bytes));
    } else if (memory.get(number).capacity() < bytes) {
      memory.set(number, ByteBuffer.allocateDirect(bytes));
    }
    return memory.get(number).slice(0, bytes).order(ByteOrder.nativeOrder());
  }

  /** The finaliser of splitmix64 (Steele, Lea, Flood, 2014). */
  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
