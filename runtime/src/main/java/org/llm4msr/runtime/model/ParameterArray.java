package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Parameter;

/**
 * The engine's array of one parameter, or of several of one shape that lie behind each other. On
 * PyTorch and a CPU it is a view of the memory that the parameters write to, elsewhere pushing
 * copies. Values change only between a backward pass and the next forward pass.
 */
public final class ParameterArray implements Parameter {

  private final NDManager manager;
  private final String name;
  private final Shape shape;
  private final ByteBuffer memory;
  private final List<DenseParameter> parts;
  private NDArray array;

  /**
   * Makes an array of zeros.
   *
   * @param names of the parameters
   * @param lead as many as there are names, by axes that stand in front
   * @param part shape of each parameter
   */
  ParameterArray(
      NDManager manager,
      String scope,
      String name,
      List<String> names,
      Shape lead,
      Shape part,
      Decay decay) {
    this.manager = manager;
    this.name = name;
    shape = lead.addAll(part);
    memory = AlignedMemory.floats(shape.size());
    parts = DenseParameter.partsOf(this, scope, names, part, decay);
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

  /** Returns its parameters, in the order in which they lie in it. */
  public List<DenseParameter> parts() {
    return parts;
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

  /** Returns a view of the values, row-major, to read and to write. */
  public FloatBuffer values() {
    return floats(memory);
  }

  /** Returns numbers in the byte order of this memory. */
  FloatBuffer floats(ByteBuffer bytes) {
    return bytes.duplicate().order(memory.order()).asFloatBuffer();
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
