package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.List;
import org.llm4msr.api.model.Buffer;
import org.llm4msr.runtime.engine.AlignedMemory;

/**
 * The engine's array of one buffer, or of several of one shape, stored one after the other. Every
 * {@code set} makes a new array, so that a graph which still uses the old one stays correct.
 */
final class BufferArray implements Buffer {

  private final NDManager manager;
  private final ParameterReads reads;
  private final String name;
  private final Shape shape;
  private final List<DenseBuffer> parts;
  private NDArray array;

  /**
   * Makes an array.
   *
   * @param names of the buffers
   * @param lead axes in front of {@code part}, whose product is the number of names
   * @param part shape of each buffer
   */
  BufferArray(
      NDManager manager,
      ParameterReads reads,
      String name,
      List<String> names,
      Shape lead,
      Shape part,
      float[] start) {
    this.manager = manager;
    this.reads = reads;
    this.name = name;
    shape = lead.addAll(part);
    parts = DenseBuffer.partsOf(names, part);
    array = create(start);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public NDArray array() {
    return reads.of(name, array);
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

  /** Returns whether somebody closed the engine's array. */
  boolean isClosed() {
    return array.isReleased();
  }

  List<DenseBuffer> parts() {
    return parts;
  }

  /** Sets the values, row-major. */
  void restore(float[] values) {
    replace(create(values));
  }

  private NDArray create(float[] values) {
    ByteBuffer memory = AlignedMemory.floats(shape.size());
    memory.asFloatBuffer().put(values);
    try (NDArray view = manager.create(memory, shape, DataType.FLOAT32)) {
      return view.duplicate();
    } finally {
      Reference.reachabilityFence(memory);
    }
  }

  private void replace(NDArray next) {
    NDArray old = array;
    array = next;
    old.close();
  }

  void close() {
    array.close();
  }
}
