package org.llm4msr.runtime.model;

import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * State without a gradient that is saved under one name: a whole {@link BufferArray} or a part of
 * one.
 */
public final class DenseBuffer {

  private final String name;
  private final Shape shape;
  private final int offset;

  private DenseBuffer(String name, Shape shape, int offset) {
    this.name = name;
    this.shape = shape;
    this.offset = offset;
  }

  static List<DenseBuffer> partsOf(List<String> names, Shape shape) {
    List<DenseBuffer> parts = new ArrayList<>(names.size());
    for (String name : names) {
      int offset = Math.toIntExact(parts.size() * shape.size());
      parts.add(new DenseBuffer(name, shape, offset));
    }
    return List.copyOf(parts);
  }

  /** Returns the full name, stable over releases. */
  public String name() {
    return name;
  }

  /** Returns its shape. */
  public Shape shape() {
    return shape;
  }

  /** Returns a copy of its values, row-major, taken from those of the engine's array. */
  float[] of(float[] whole) {
    return Arrays.copyOfRange(whole, offset, offset + size());
  }

  int size() {
    return Math.toIntExact(shape.size());
  }
}
