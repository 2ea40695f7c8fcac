package org.llm4msr.runtime.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.runtime.engine.Mkl;

/**
 * The engine's array of one parameter, or of several of one shape, stored one after the other. On
 * PyTorch and a CPU it is a view of the memory that the parameters write to; elsewhere, {@link
 * #push} copies. Values change only between a backward pass and the next forward pass.
 */
public final class ParameterArray implements Parameter {

  private final NDManager manager;
  private final String name;
  private final Shape shape;
  private final ByteBuffer memory;
  private final List<DenseParameter> parts;
  private final List<Cut> cuts = new ArrayList<>();
  private NDArray array;
  private @Nullable NDArray guarded;
  private boolean usedWhole;
  private @Nullable ByteBuffer ownGradient;
  private boolean hasOwnGradient;
  private @Nullable NDArray addedGradient;

  private record Cut(List<Integer> starts, NDList pieces) {}

  /**
   * Makes an array of zeros.
   *
   * @param names of the parameters
   * @param lead axes in front of {@code part}, whose product is the number of names
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
    array = create(memory, shape);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public NDArray array() {
    usedWhole = true;
    if (!Mkl.serves(manager) || !JniUtils.isGradMode()) {
      return array;
    }
    if (guarded == null) {
      guarded = Tape.guarded(array);
      NDScope.unregister(guarded); // Other scopes of the step use it too.
    }
    return guarded;
  }

  /**
   * Returns consecutive pieces along the first axis as arrays of their own. After a backward pass
   * their gradients are read in place; those of slices of the whole array would be copied into one.
   * Empty where {@link #push} copies.
   *
   * @param starts of the pieces, from 0
   */
  Optional<NDList> pieces(List<Integer> starts) {
    if (!isView()) {
      return Optional.empty();
    }
    for (Cut cut : cuts) {
      if (cut.starts.equals(starts)) {
        return Optional.of(cut.pieces);
      }
    }
    NDList pieces = new NDList(starts.size());
    for (int i = 0; i < starts.size(); i++) {
      long behind = i + 1 < starts.size() ? starts.get(i + 1) : shape.get(0);
      pieces.add(piece(starts.get(i), behind));
    }
    cuts.add(new Cut(starts, pieces));
    return Optional.of(pieces);
  }

  /**
   * Returns the gradient of the last backward pass, in one array or in several consecutive ones;
   * the caller closes them. Zeros where the pass did not use the parameter.
   */
  public NDList gradients() {
    if (!hasOwnGradient()) {
      return ofEngine();
    }
    if (addedGradient != null && !usedWhole && cuts.isEmpty()) {
      return new NDList(addedGradient.stopGradient()); // A handle that the caller may close.
    }
    NDArray own = ownArray();
    if (!usedWhole && cuts.isEmpty()) {
      return new NDList(own);
    }
    try (own;
        NDList others = ofEngine();
        NDArray joined = NDArrays.concat(others, 0)) {
      return new NDList(own.add(joined));
    }
  }

  private NDList ofEngine() {
    if (cuts.isEmpty()) {
      return new NDList(array.getGradient());
    }
    if (cuts.size() == 1 && !usedWhole) {
      return gradients(cuts.get(0));
    }
    NDArray sum = array.getGradient();
    for (Cut cut : cuts) {
      try (NDArray before = sum;
          NDList pieces = gradients(cut);
          NDArray joined = NDArrays.concat(pieces, 0)) {
        sum = before.add(joined);
      }
    }
    return new NDList(sum);
  }

  private static NDList gradients(Cut cut) {
    return new NDList(cut.pieces.stream().map(NDArray::getGradient).toList());
  }

  /** Returns its parameters, in the order in which they lie in it. */
  public List<DenseParameter> parts() {
    return parts;
  }

  /**
   * Makes written values known to the engine and drops the gradient: PyTorch would add the next one
   * to it, and MXNet would keep it if a pass does not use the parameter. On a view this takes
   * microseconds, unlike filling a gradient of 100 million numbers with zeros.
   */
  public void push() {
    close();
    cuts.clear();
    usedWhole = false;
    hasOwnGradient = false;
    addedGradient = null;
    array = create(memory, shape);
  }

  /** Returns a view of the values, row-major, to read and to write. */
  public FloatBuffer values() {
    return floats(memory);
  }

  /** Returns numbers in the byte order of this memory. */
  private FloatBuffer floats(ByteBuffer bytes) {
    return bytes.duplicate().order(memory.order()).asFloatBuffer();
  }

  Shape shape() {
    return shape;
  }

  /** Returns where the values lie. */
  ByteBuffer memory() {
    return memory;
  }

  /** Returns whether a gradient was computed outside the engine in this step. */
  boolean hasOwnGradient() {
    return hasOwnGradient || addedGradient != null;
  }

  /** Adds a gradient of this step and takes the array over. */
  void addGradient(NDArray gradient) {
    if (hasOwnGradient()) {
      ownArray().addi(gradient);
    } else {
      addedGradient = gradient;
    }
  }

  /** Returns the memory of such a gradient, which counts as computed from now on. */
  ByteBuffer ownGradient() {
    if (ownGradient == null) {
      ownGradient = AlignedMemory.floats(shape.size());
    }
    hasOwnGradient = true;
    if (addedGradient != null) {
      floats(ownGradient).put(0, addedGradient.toFloatArray());
      addedGradient = null;
    }
    return ownGradient;
  }

  private NDArray ownArray() {
    return manager.create(ownGradient().duplicate().order(memory.order()), shape, DataType.FLOAT32);
  }

  /** Returns the values without a gradient, until the step ends. */
  NDArray constant() {
    return array.stopGradient();
  }

  private boolean isView() {
    return manager.getEngine().getEngineName().equals("PyTorch")
        && manager.getDevice().equals(Device.cpu());
  }

  private NDArray piece(long from, long to) {
    Shape rest = shape.slice(1);
    int bytes = Math.toIntExact(rest.size() * Float.BYTES);
    ByteBuffer values = memory.slice((int) from * bytes, (int) (to - from) * bytes);
    return create(values, new Shape(to - from).addAll(rest));
  }

  private NDArray create(ByteBuffer values, Shape dims) {
    NDArray created =
        manager.create(values.duplicate().order(memory.order()), dims, DataType.FLOAT32);
    created.setRequiresGradient(true);
    return created;
  }

  void close() {
    array.close();
    if (guarded != null) {
      guarded.close();
      guarded = null;
    }
    cuts.forEach(cut -> cut.pieces.close());
  }
}
