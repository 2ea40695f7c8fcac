package org.llm4msr.runtime.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.engine.EngineTraits;
import org.llm4msr.runtime.gradients.AddedGradient;
import org.llm4msr.runtime.gradients.ParameterGradient;
import org.llm4msr.runtime.gradients.PieceGradients;
import org.llm4msr.runtime.gradients.WholeGradient;
import org.llm4msr.runtime.gradients.WrittenGradient;
import org.llm4msr.runtime.kernels.HalfMemory;
import org.llm4msr.runtime.tables.Workers;

/**
 * The engine's array of one parameter, or of several of one shape, stored one after the other. On
 * an engine that shares memory it is a view of what the parameters write to; elsewhere, {@link
 * #push} copies. Values change once the backward pass reads them no more, and before the next
 * forward pass.
 */
public final class ParameterArray implements Parameter {

  private final NDManager manager;
  private final ParameterReads reads;
  private final String name;
  private final Shape shape;
  private final ByteBuffer memory;
  private final List<DenseParameter> parts;
  private final List<PieceGradients> cuts = new ArrayList<>();
  private final WrittenGradient written;
  private final AddedGradient added = new AddedGradient();
  private WholeGradient whole;

  /** Whether the engine was handed the values in this step. */
  private boolean engineReads;

  /** The values in bfloat16, once a pass read them so. */
  private @Nullable HalfMemory halves;

  /** Whether they are those of today's values. */
  private boolean halvesAreCurrent;

  /**
   * Makes an array of zeros.
   *
   * @param names of the parameters
   * @param lead axes in front of {@code part}, whose product is the number of names
   * @param part shape of each parameter
   */
  ParameterArray(
      NDManager manager,
      ParameterReads reads,
      String scope,
      String name,
      List<String> names,
      Shape lead,
      Shape part,
      Decay decay) {
    this.manager = manager;
    this.reads = reads;
    this.name = name;
    shape = lead.addAll(part);
    memory = AlignedMemory.floats(shape.size());
    parts = DenseParameter.partsOf(this, scope, names, part, decay);
    written = new WrittenGradient(manager, shape);
    whole = new WholeGradient(create(memory, shape));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public NDArray array() {
    engineReads = true;
    return reads.of(name, whole.use());
  }

  /**
   * Returns consecutive pieces along the first axis as arrays of their own, whose gradients are
   * read in place. Empty where {@link #push} copies.
   *
   * @param starts of the pieces, from 0
   */
  Optional<NDList> pieces(List<Integer> starts) {
    if (!isView()) {
      return Optional.empty();
    }
    engineReads = true;
    for (PieceGradients cut : cuts) {
      if (cut.isCutAt(starts)) {
        return Optional.of(cut.pieces());
      }
    }
    PieceGradients cut = new PieceGradients(starts, Math.toIntExact(shape.get(0)), this::piece);
    cuts.add(cut);
    return Optional.of(cut.pieces());
  }

  /**
   * Returns the gradient of the last backward pass, in one array or in several consecutive ones;
   * the caller closes them. Zeros where the pass did not use the parameter.
   */
  public NDList gradients() {
    List<ParameterGradient> used =
        Stream.of(List.of(whole), cuts, List.of(written, added))
            .<ParameterGradient>flatMap(List::stream)
            .filter(ParameterGradient::isUsed)
            .toList();
    if (used.isEmpty()) {
      return whole.arrays();
    }
    NDList sum = used.get(0).arrays();
    for (ParameterGradient more : used.subList(1, used.size())) {
      try (NDList before = sum;
          NDList others = more.arrays();
          NDArray left = join(before);
          NDArray right = join(others)) {
        sum = new NDList(left.add(right));
      }
    }
    return sum;
  }

  private static NDArray join(NDList pieces) {
    return pieces.size() == 1 ? pieces.get(0) : NDArrays.concat(pieces, 0);
  }

  /** Returns the gradient that products outside the engine write. */
  public FloatBuffer writtenGradient() {
    return written.numbers();
  }

  /** Returns its parameters, in the order in which they lie in it. */
  public List<DenseParameter> parts() {
    return parts;
  }

  /** Makes written values known to what reads them, and drops the gradient. */
  public void push() {
    halvesAreCurrent = false;
    endStep();
  }

  /**
   * Makes values known to the engine that were written and {@link #changed}, and drops the
   * gradient: PyTorch would add the next one to it, and MXNet would keep it if a pass does not use
   * the parameter. On a view this takes microseconds, unlike filling a gradient of 100 million
   * numbers with zeros.
   */
  void endStep() {
    close();
    cuts.clear();
    written.reset();
    added.reset();
    engineReads = false;
    whole = new WholeGradient(create(memory, shape));
  }

  /** Returns a view of the values, row-major, to read and to write. */
  public FloatBuffer values() {
    return memory.duplicate().order(memory.order()).asFloatBuffer();
  }

  /** Copies some values that were written to where they are kept in bfloat16, if they are. */
  void changed(int from, int to) {
    if (halves != null) {
      halves.put(memory.asIntBuffer(), from, to);
    }
  }

  /** Returns the values in bfloat16, which it keeps from then on. */
  synchronized HalfMemory halves(Workers workers) {
    if (halves == null) {
      halves = HalfMemory.of(Math.toIntExact(shape.size()));
    }
    if (!halvesAreCurrent) {
      halves.putAll(workers, memory.asIntBuffer());
      halvesAreCurrent = true;
    }
    return halves;
  }

  Shape shape() {
    return shape;
  }

  /** Returns where the values lie. */
  ByteBuffer memory() {
    return memory;
  }

  /** Returns the gradient that products outside the engine write. */
  WrittenGradient written() {
    return written;
  }

  /**
   * Returns whether the gradient is the one that products outside the engine write, all of which
   * did, and nothing reads the values any more in this step.
   */
  boolean isComplete() {
    return written.isComplete() && !engineReads && !added.isUsed();
  }

  /** Returns the gradient to which operations outside the engine add. */
  AddedGradient added() {
    return added;
  }

  /** Returns whether somebody closed the engine's array. */
  boolean isClosed() {
    return whole.isClosed();
  }

  /** Returns the values without a gradient, until the step ends. */
  NDArray constant() {
    engineReads = true;
    return whole.constant();
  }

  private boolean isView() {
    return EngineTraits.of(manager).sharesMemory() && manager.getDevice().equals(Device.cpu());
  }

  private NDArray piece(int from, int to) {
    Shape rest = shape.slice(1);
    int bytes = Math.toIntExact(rest.size() * Float.BYTES);
    return create(
        memory.slice(from * bytes, (to - from) * bytes), new Shape(to - from).addAll(rest));
  }

  private NDArray create(ByteBuffer values, Shape dims) {
    NDArray created =
        manager.create(values.duplicate().order(memory.order()), dims, DataType.FLOAT32);
    created.setRequiresGradient(true);
    return created;
  }

  void close() {
    whole.close();
    cuts.forEach(PieceGradients::close);
  }
}
