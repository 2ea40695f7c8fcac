package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.engine.AlignedMemory;

/**
 * A direct buffer for one kind of input, refilled in every step. On PyTorch and a CPU the array is
 * a view of it, so refill it only after the arrays of the previous step are closed.
 */
public final class BatchInputs {

  /** A buffer has less than 2 GiB, some of which is lost to alignment. */
  private static final long MOST = (Integer.MAX_VALUE - 4096) / Float.BYTES;

  private ByteBuffer memory = AlignedMemory.allocate(0);

  /**
   * Returns room for so many floats, from index 0.
   *
   * @throws MsrException training/BATCH_TOO_LARGE where one buffer cannot hold them
   */
  public FloatBuffer floats(long count) {
    if (count > MOST) {
      throw new MsrException(
          ErrorType.USER,
          "training/BATCH_TOO_LARGE",
          "A batch has %,d numbers of one kind, such as the embeddings of its rows or the vectors of its users; at most %,d fit. Lower training.batchSize or model.embeddingSize."
              .formatted(count, MOST));
    }
    int bytes = (int) count * Float.BYTES;
    if (memory.capacity() < bytes) {
      memory = AlignedMemory.allocate((int) Math.min(MOST * Float.BYTES, bytes + bytes / 8L));
    }
    return memory.slice(0, bytes).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  /** Returns the floats as an array. */
  public NDArray array(NDManager manager, Shape shape) {
    int bytes = Math.toIntExact(shape.size() * Float.BYTES);
    return manager.create(
        memory.slice(0, bytes).order(ByteOrder.nativeOrder()), shape, DataType.FLOAT32);
  }
}
