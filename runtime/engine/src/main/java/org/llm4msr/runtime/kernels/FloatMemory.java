package org.llm4msr.runtime.kernels;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import org.llm4msr.runtime.engine.Mkl;

/** Numbers of float32 outside the heap: the numbers, their bits, and where they lie. */
public record FloatMemory(FloatBuffer numbers, IntBuffer bits, long address) {

  /** Returns the memory of an array, row-major; of a copy where it is not contiguous. */
  public static FloatMemory of(NDArray array) {
    return of(Mkl.bytes(array));
  }

  public static FloatMemory of(ByteBuffer memory) {
    return new FloatMemory(memory.asFloatBuffer(), memory.asIntBuffer(), Mkl.address(memory));
  }

  /** Returns the address of a number. */
  long at(long number) {
    return address + number * Float.BYTES;
  }
}
