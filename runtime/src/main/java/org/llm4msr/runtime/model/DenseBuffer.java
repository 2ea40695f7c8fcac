package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.llm4msr.api.model.Buffer;

/**
 * State without gradient. Every {@code set} makes a new array, so that a graph which still holds
 * the old one stays right.
 */
public final class DenseBuffer implements Buffer {

  private final NDManager manager;
  private final String scope;
  private final String name;
  private final Shape shape;
  private NDArray array;

  DenseBuffer(NDManager manager, String scope, String name, Shape shape, float[] start) {
    this.manager = manager;
    this.scope = scope;
    this.name = name;
    this.shape = shape;
    array = create(FloatBuffer.wrap(start));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public NDArray array() {
    return array;
  }

  @Override
  public void set(NDArray values) {
    if (!values.getShape().equals(shape)) {
      throw new IllegalArgumentException(
          "buffer " + name + " has shape " + shape + ", not " + values.getShape());
    }
    NDArray copy;
    try (NDArray detached = values.stopGradient()) {
      copy = detached.duplicate();
    }
    copy.attach(manager);
    NDScope.unregister(copy); // It outlives the step that it is set in.
    replace(copy);
  }

  /** Returns the part of the model it belongs to. */
  public String scope() {
    return scope;
  }

  /** Returns its shape. */
  public Shape shape() {
    return shape;
  }

  /** Returns a copy of the values, row-major. */
  public float[] values() {
    return array.toFloatArray();
  }

  /** Sets the values, row-major. */
  public void restore(FloatBuffer values) {
    replace(create(values));
  }

  private NDArray create(FloatBuffer values) {
    ByteBuffer memory = AlignedMemory.floats(shape.size());
    memory.asFloatBuffer().put(values);
    try (NDArray view = manager.create(memory, shape, DataType.FLOAT32)) {
      return view.duplicate();
    } finally {
      Reference.reachabilityFence(memory);
    }
  }

  void close() {
    array.close();
  }

  private void replace(NDArray next) {
    NDArray old = array;
    array = next;
    old.close();
  }
}
