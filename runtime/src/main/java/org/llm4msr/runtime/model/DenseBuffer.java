package org.llm4msr.runtime.model;

import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** State without gradient that is saved and named as one: a buffer, or a part of several. */
public final class DenseBuffer {

  private final BufferArray whole;
  private final String scope;
  private final String name;
  private final Shape shape;
  private final int offset;

  private DenseBuffer(BufferArray whole, String scope, String name, Shape shape, int offset) {
    this.whole = whole;
    this.scope = scope;
    this.name = name;
    this.shape = shape;
    this.offset = offset;
  }

  static List<DenseBuffer> partsOf(
      BufferArray whole, String scope, List<String> names, Shape shape) {
    List<DenseBuffer> parts = new ArrayList<>(names.size());
    for (String name : names) {
      int offset = Math.toIntExact(parts.size() * shape.size());
      parts.add(new DenseBuffer(whole, scope, name, shape, offset));
    }
    return List.copyOf(parts);
  }

  /** Returns the full name, stable over releases. */
  public String name() {
    return name;
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
    return Arrays.copyOfRange(whole.array().toFloatArray(), offset, offset + size());
  }

  int size() {
    return Math.toIntExact(shape.size());
  }
}
