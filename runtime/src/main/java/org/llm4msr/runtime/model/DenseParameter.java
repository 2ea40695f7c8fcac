package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Parameter;

/**
 * A trained array whose values lie in a direct buffer. An optimiser writes {@link #values()} and
 * then calls {@link #push()}; on PyTorch and a CPU the array is a view of the buffer, elsewhere
 * pushing copies. Values change only between a backward pass and the next forward pass.
 */
public final class DenseParameter implements Parameter {

  private final NDManager manager;
  private final String name;
  private final String scope;
  private final Shape shape;
  private final Decay decay;
  private final ByteBuffer memory;
  private NDArray array;

  DenseParameter(NDManager manager, String scope, String name, Shape shape, Decay decay) {
    this.manager = manager;
    this.scope = scope;
    this.name = name;
    this.shape = shape;
    this.decay = decay;
    memory = AlignedMemory.floats(shape.size());
    array = create();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public NDArray array() {
    return array;
  }

  /** Returns the part of the model it belongs to, for example {@code meta/user}. */
  public String scope() {
    return scope;
  }

  /** Returns its shape. */
  public Shape shape() {
    return shape;
  }

  /** Returns whether L2 regularisation applies to it. */
  public Decay decay() {
    return decay;
  }

  /** Returns how many numbers it has. */
  public int size() {
    return Math.toIntExact(shape.size());
  }

  /** Returns a view of the values, row-major, to read and to write. */
  public FloatBuffer values() {
    return memory.duplicate().order(memory.order()).asFloatBuffer();
  }

  /**
   * Makes written values known to the engine and drops the gradient, which PyTorch would add the
   * next one to and MXNet would keep where a pass does not use the parameter. On a view this costs
   * microseconds; filling a gradient of 100 million numbers with zeros would not.
   */
  public void push() {
    array.close();
    array = create();
  }

  /**
   * Reads the gradient of the last backward pass without a copy where the engine allows it. Zeros
   * where the pass did not use the parameter.
   */
  public void readGradient(GradientReader reader) {
    try (NDArray gradient = array.getGradient()) {
      reader.read(this, gradient.toByteBuffer(true).order(memory.order()).asFloatBuffer());
    }
  }

  /** Receives a gradient. */
  @FunctionalInterface
  public interface GradientReader {

    /**
     * Reads it.
     *
     * @param gradient row-major, as many as {@link DenseParameter#size()}; invalid after the call
     */
    void read(DenseParameter parameter, FloatBuffer gradient);
  }

  private NDArray create() {
    NDArray created =
        manager.create(memory.duplicate().order(memory.order()), shape, DataType.FLOAT32);
    created.setRequiresGradient(true);
    return created;
  }

  void close() {
    array.close();
  }
}
