package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.FloatMemory;
import org.llm4msr.runtime.kernels.HalfMemory;

/**
 * Weights, biases or other numbers that a layer reads: where they lie, and where their gradient
 * goes.
 */
interface GroupArray {

  Shape shape();

  /** Returns the values, row-major, to read. */
  FloatMemory values();

  /** Returns the values rounded to bfloat16, to read in this pass. */
  default HalfMemory halves(Tape tape) {
    FloatMemory values = values();
    HalfMemory halves = HalfMemory.of(tape.manager(), values.numbers().limit());
    halves.putAll(tape.workers(), values.bits());
    return halves;
  }

  /** Returns whether a gradient was written in this pass. */
  boolean hasGradient();

  /** Returns where the gradient goes; if there is one already, it is added to. */
  FloatBuffer gradient();

  /** Says that the layer that took it wrote its part of the gradient, and reads it no more. */
  default void end(Tape tape) {}

  /** Takes a parameter for one layer, or the array that another implementation of it has. */
  static GroupArray of(Tape tape, Parameter parameter) {
    return parameter instanceof ParameterArray array
        ? OfParameter.taken(tape, array)
        : of(tape, parameter.array());
  }

  /** Returns an array of the pass. */
  static OfPass of(Tape tape, NDArray array) {
    if (array.getDataType() != DataType.FLOAT32) {
      throw new IllegalArgumentException("numbers are " + array.getDataType() + ", not float32");
    }
    return new OfPass(tape.take(array));
  }

  /** An array of the pass. */
  record OfPass(Tape.Leaf leaf) implements GroupArray {

    @Override
    public Shape shape() {
      return leaf.array().getShape();
    }

    @Override
    public FloatMemory values() {
      return leaf.values();
    }

    @Override
    public boolean hasGradient() {
      return leaf.hasGradient();
    }

    @Override
    public FloatBuffer gradient() {
      return Mkl.floats(leaf.gradient());
    }
  }

  /** A parameter of the runtime. */
  record OfParameter(ParameterArray parameter) implements GroupArray {

    private static GroupArray taken(Tape tape, ParameterArray parameter) {
      if (tape.records()) {
        parameter.written().expectPart();
      }
      return new OfParameter(parameter);
    }

    @Override
    public void end(Tape tape) {
      parameter.written().endPart();
      if (parameter.isComplete()) {
        tape.complete(parameter);
      }
    }

    @Override
    public Shape shape() {
      return parameter.shape();
    }

    @Override
    public FloatMemory values() {
      return FloatMemory.of(parameter.memory());
    }

    @Override
    public HalfMemory halves(Tape tape) {
      return parameter.halves(tape.workers());
    }

    @Override
    public boolean hasGradient() {
      return parameter.written().isUsed();
    }

    @Override
    public FloatBuffer gradient() {
      return parameter.written().write().asFloatBuffer();
    }
  }

  /**
   * Weights times a factor; the gradient of the product only serves to compute those of the two.
   */
  final class Scaled implements GroupArray {

    private final NDArray values;
    private @Nullable NDArray gradient;

    Scaled(NDArray values) {
      this.values = values;
    }

    @Override
    public Shape shape() {
      return values.getShape();
    }

    @Override
    public FloatMemory values() {
      return FloatMemory.of(values);
    }

    @Override
    public boolean hasGradient() {
      return gradient != null;
    }

    @Override
    public FloatBuffer gradient() {
      return Mkl.floats(array());
    }

    /** Returns the array of the gradient, zeros where none was written. */
    NDArray array() {
      if (gradient == null) {
        gradient = values.getManager().create(shape(), DataType.FLOAT32);
      }
      return gradient;
    }
  }
}
