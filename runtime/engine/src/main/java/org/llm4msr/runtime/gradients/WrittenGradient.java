package org.llm4msr.runtime.gradients;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.engine.AlignedMemory;

/** The gradient that products outside the engine write, in memory that the next step reuses. */
public final class WrittenGradient implements ParameterGradient {

  private final NDManager manager;
  private final Shape shape;
  private @Nullable ByteBuffer memory;
  private boolean used;

  /** Layers that took the parameter in the forward pass and have not ended their part. */
  private int expected;

  public WrittenGradient(NDManager manager, Shape shape) {
    this.manager = manager;
    this.shape = shape;
  }

  /** Returns where it is written, row-major; what lies there counts only if it {@link #isUsed}. */
  public ByteBuffer write() {
    used = true;
    return memory();
  }

  private ByteBuffer memory() {
    if (memory == null) {
      memory = AlignedMemory.floats(shape.size());
    }
    return memory;
  }

  /** Says that a layer will write a part of it. */
  public void expectPart() {
    expected++;
  }

  /** Says that a layer wrote its part, and reads the parameter no more. */
  public void endPart() {
    expected--;
  }

  /** Returns whether it is written and nobody will add to it. */
  public boolean isComplete() {
    return used && expected == 0;
  }

  /** Ends the step. */
  public void reset() {
    used = false;
    expected = 0;
  }

  @Override
  public boolean isUsed() {
    return used;
  }

  @Override
  public NDList arrays() {
    return new NDList(manager.create(memory(), shape, DataType.FLOAT32));
  }

  /** Returns its numbers. */
  public FloatBuffer numbers() {
    return memory().asFloatBuffer();
  }
}
