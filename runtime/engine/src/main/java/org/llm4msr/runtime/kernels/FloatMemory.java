package org.llm4msr.runtime.kernels;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import org.llm4msr.runtime.engine.Mkl;

/** Numbers of float32 outside the heap: the numbers, their bits, and where they lie. */
public record FloatMemory(FloatBuffer numbers, IntBuffer bits, long address) {

  private static final float[] ZEROS = new float[1 << 10];

  /** Returns the memory of an array, row-major; of a copy where it is not contiguous. */
  public static FloatMemory of(NDArray array) {
    return of(Mkl.bytes(array));
  }

  public static FloatMemory of(ByteBuffer memory) {
    return new FloatMemory(memory.asFloatBuffer(), memory.asIntBuffer(), Mkl.address(memory));
  }

  /** Makes all numbers zero. */
  public static void clear(FloatBuffer numbers) {
    for (int at = 0; at < numbers.limit(); at += ZEROS.length) {
      numbers.put(at, ZEROS, 0, Math.min(ZEROS.length, numbers.limit() - at));
    }
  }

  /** Returns the address of a number. */
  long at(long number) {
    return address + number * Float.BYTES;
  }
}
