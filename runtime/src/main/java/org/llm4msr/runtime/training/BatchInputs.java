package org.llm4msr.runtime.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.llm4msr.runtime.model.AlignedMemory;

/**
 * A direct buffer that one kind of input is written to, step after step. On PyTorch and a CPU the
 * array is a view of it: refill it only when the arrays of the step before are closed.
 */
final class BatchInputs {

  private ByteBuffer memory = AlignedMemory.allocate(0);

  /** Returns room for so many floats, from index 0. */
  FloatBuffer floats(int count) {
    int bytes = Math.multiplyExact(count, Float.BYTES);
    if (memory.capacity() < bytes) {
      memory = AlignedMemory.allocate(bytes + bytes / 8);
    }
    return memory.slice(0, bytes).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  /** Returns the floats as an array. */
  NDArray array(NDManager manager, Shape shape) {
    int bytes = Math.toIntExact(shape.size() * Float.BYTES);
    return manager.create(
        memory.slice(0, bytes).order(ByteOrder.nativeOrder()), shape, DataType.FLOAT32);
  }
}
