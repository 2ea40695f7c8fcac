package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Decay;
import org.llm4msr.runtime.engine.HostCopy;

/**
 * Values that are trained and saved under one name: a whole {@link ParameterArray} or a part of
 * one. Who writes {@link #values()} calls {@link ParameterArray#push()} behind it; an optimiser
 * calls {@link #changed} for what it wrote, and {@link ParameterStore#endStep()}.
 */
public final class DenseParameter {

  private final ParameterArray whole;
  private final String scope;
  private final String name;
  private final Shape shape;
  private final Decay decay;
  private final int offset;

  private DenseParameter(
      ParameterArray whole, String scope, String name, Shape shape, Decay decay, int offset) {
    this.whole = whole;
    this.scope = scope;
    this.name = name;
    this.shape = shape;
    this.decay = decay;
    this.offset = offset;
  }

  static List<DenseParameter> partsOf(
      ParameterArray whole, String scope, List<String> names, Shape shape, Decay decay) {
    List<DenseParameter> parts = new ArrayList<>(names.size());
    for (String name : names) {
      int offset = Math.toIntExact(parts.size() * shape.size());
      parts.add(new DenseParameter(whole, scope, name, shape, decay, offset));
    }
    return List.copyOf(parts);
  }

  /** Returns the full name, stable over releases. */
  public String name() {
    return name;
  }

  /** Returns the array that it belongs to. */
  public ParameterArray whole() {
    return whole;
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
    return whole.values().slice(offset, size());
  }

  /** Says that the values {@code from} to {@code to - 1} were written. */
  public void changed(int from, int to) {
    whole.changed(offset + from, offset + to);
  }

  /**
   * Reads a copy of the gradient of the last backward pass. Zeros where the pass did not use the
   * parameter.
   */
  public void readGradient(GradientReader reader) {
    try (NDList gradients = whole.gradients()) {
      int from = offset;
      for (NDArray gradient : gradients) {
        if (from < gradient.size()) {
          reader.read(this, FloatBuffer.wrap(HostCopy.of(gradient)).slice(from, size()));
          return;
        }
        from -= Math.toIntExact(gradient.size());
      }
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
}
