package org.llm4msr.runtime.kernels;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.ShortBuffer;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.tables.Workers;

/** Memory of bfloat16, the upper halves of float32, for products that sum in float32. */
public final class HalfMemory {

  static final int BYTES = Short.BYTES;

  /** Numbers that a thread rounds at a time. */
  private static final int GRAIN = 1 << 16;

  /** How many numbers are converted at a time, so that they stay in the nearest cache. */
  private static final int BLOCK = 1 << 12;

  /** Of the bits of float32: all but the sign, those of infinity, and what marks a quiet NaN. */
  private static final int MAGNITUDE = 0x7FFFFFFF;

  private static final int INFINITY = 0x7F800000;
  private static final int QUIET = 0x400000;

  private final ShortBuffer numbers;
  private final long address;

  private HalfMemory(ByteBuffer memory) {
    numbers = memory.asShortBuffer();
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
    Scratch scratch = Scratch.of(BLOCK);
    int[] read = scratch.bits;
    short[] halves = scratch.halves;
    for (int start = from; start < to; start += BLOCK) {
      int count = Math.min(BLOCK, to - start);
      bits.get(start, read, 0, count);
      round(read, count);
      for (int i = 0; i < count; i++) {
        halves[i] = (short) (read[i] >>> Short.SIZE);
      }
      numbers.put(start, halves, 0, count);
    }
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
