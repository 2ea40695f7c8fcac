package org.llm4msr.runtime.kernels;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.ShortBuffer;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.tables.Workers;

/** Memory of bfloat16, the upper halves of float32, for products that sum in float32. */
public final class HalfMemory {

  static final int BYTES = Short.BYTES;

  /** Numbers that a thread rounds at a time. */
  private static final int GRAIN = 1 << 16;

  /** How many numbers are converted at a time, so that they stay in the nearest cache. */
  private static final int BLOCK = 1 << 10;

  /** Of the bits of float32: all but the sign, those of infinity, and what marks a quiet NaN. */
  private static final int MAGNITUDE = 0x7FFFFFFF;

  private static final int UPPER = 0xFFFF0000;
  private static final int INFINITY = 0x7F800000;
  private static final int QUIET = 0x400000;

  private final ShortBuffer numbers;

  /** Numbers two by two, from the first one on, and from the second. */
  private final IntBuffer pairs;

  private final IntBuffer shiftedPairs;
  private final long address;

  private HalfMemory(ByteBuffer memory) {
    numbers = memory.asShortBuffer();
    pairs = memory.asIntBuffer();
    shiftedPairs = memory.slice(BYTES, memory.limit() - BYTES).order(memory.order()).asIntBuffer();
    address = Mkl.address(memory);
  }

  /** Makes memory for so many numbers. */
  public static HalfMemory of(int count) {
    return new HalfMemory(AlignedMemory.allocate(Math.multiplyExact(count, BYTES)));
  }

  /** Makes memory for so many numbers, until the manager is closed. */
  public static HalfMemory of(NDManager manager, long count) {
    NDArray array = manager.create(new Shape((count + 1) / 2), DataType.FLOAT32);
    return new HalfMemory(Mkl.bytes(array));
  }

  /** Copies all of so many numbers, rounded, on all cores. */
  public void putAll(Workers workers, IntBuffer bits) {
    workers.range(bits.limit(), GRAIN, (worker, from, to) -> put(bits, from, to));
  }

  public long address() {
    return address;
  }

  /** Copies numbers, each rounded to the nearest, to the even one of two. */
  public void put(IntBuffer bits, int from, int to) {
    int[] read = Scratch.of(BLOCK).bits;
    for (int start = from; start < to; start += BLOCK) {
      int count = Math.min(BLOCK, to - start);
      bits.get(start, read, 0, count);
      round(read, count);
      if (count % 2 == 1) {
        numbers.put(start + count - 1, (short) (read[count - 1] >>> Short.SIZE));
      }
      pack(read, count / 2);
      (start % 2 == 0 ? pairs : shiftedPairs).put(start / 2, read, 0, count / 2);
    }
  }

  /** A loop of its own, which runs in vector registers. */
  private static void round(int[] bits, int count) {
    for (int i = 0; i < count; i++) {
      bits[i] = rounded(bits[i]);
    }
  }

  /** Joins upper halves two by two, as x86 orders them: to write them one by one takes longer. */
  private static void pack(int[] bits, int count) {
    for (int i = 0; i < count; i++) {
      bits[i] = (bits[2 * i] >>> Short.SIZE) | (bits[2 * i + 1] & UPPER);
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
