package org.llm4msr.runtime.kernels;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.ShortBuffer;
import org.llm4msr.runtime.engine.Mkl;

/** Memory of bfloat16, the upper halves of float32, for products that sum in float32. */
public final class HalfMemory {

  static final int BYTES = Short.BYTES;

  /** How many numbers are converted at a time, so that they stay in the nearest cache. */
  private static final int BLOCK = 1 << 12;

  /** Of the bits of float32: all but the sign, those of infinity, and what marks a quiet NaN. */
  private static final int MAGNITUDE = 0x7FFFFFFF;

  private static final int INFINITY = 0x7F800000;
  private static final int QUIET = 0x400000;

  /** The half that is kept. */
  private static final int UPPER = 0xFFFF0000;

  private final ShortBuffer numbers;

  /** The same, two at a time, the first in the lower half. */
  private final IntBuffer pairs;

  private final long address;

  /** Makes memory for so many numbers, until the manager is closed. */
  public HalfMemory(NDManager manager, long count) {
    NDArray array = manager.create(new Shape((count + 1) / 2), DataType.FLOAT32);
    ByteBuffer memory = Mkl.bytes(array);
    numbers = memory.asShortBuffer();
    pairs = memory.asIntBuffer();
    address = Mkl.address(memory);
  }

  public long address() {
    return address;
  }

  /** Copies numbers, each rounded to the nearest, to the even one of two. */
  public void put(IntBuffer bits, int from, int to) {
    int start = from + (from & 1);
    int end = to - (to & 1);
    if (start > from && from < to) {
      put(bits, from);
    }
    if (end < to && start <= end) {
      put(bits, end);
    }
    Scratch scratch = Scratch.of(BLOCK);
    int[] read = scratch.bits;
    int[] packed = scratch.otherBits;
    for (int at = start; at < end; at += BLOCK) {
      int count = Math.min(BLOCK, end - at);
      bits.get(at, read, 0, count);
      round(read, count);
      for (int i = 0; i < count / 2; i++) {
        packed[i] = (read[2 * i] >>> Short.SIZE) | (read[2 * i + 1] & UPPER);
      }
      pairs.put(at / 2, packed, 0, count / 2);
    }
  }

  private void put(IntBuffer bits, int at) {
    numbers.put(at, (short) (rounded(bits.get(at)) >>> Short.SIZE));
  }

  /** A loop of its own, which runs in vector registers. */
  private static void round(int[] bits, int count) {
    for (int i = 0; i < count; i++) {
      bits[i] = rounded(bits[i]);
    }
  }

  /**
   * Returns bits of float32 of which the upper half is the nearest bfloat16, without branches; a
   * NaN remains one.
   */
  static int rounded(int bits) {
    int nan = (INFINITY - (bits & MAGNITUDE)) >> 31;
    int rounding = (0x7FFF + ((bits >>> Short.SIZE) & 1)) & ~nan;
    return (bits + rounding) | (nan & QUIET);
  }
}
