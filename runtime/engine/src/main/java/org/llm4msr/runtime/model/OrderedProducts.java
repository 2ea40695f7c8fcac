package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.internal.RowProducts;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.runtime.engine.Mkl;

/** Products of the rows of one plan by {@link Mkl}. */
final class OrderedProducts implements RowProducts {

  private final NDManager manager;
  private final Tape tape;
  private final int rows;
  private final int groups;
  private final List<Segment> segments;
  private final long ones;

  OrderedProducts(NDManager manager, Tape tape, int rows, int groups, List<Segment> segments) {
    this.manager = manager;
    this.tape = tape;
    this.rows = rows;
    this.groups = groups;
    this.segments = segments;
    NDArray array = manager.ones(new Shape(rows));
    NDScope.unregister(array); // Later scopes of the batch use it too.
    ones = Mkl.address(array);
  }

  /** Weights or biases with one part per group: where they lie, and where their gradient goes. */
  private interface PerGroup {

    Shape shape();

    long values();

    /** Returns whether a gradient was written in this pass. */
    boolean hasGradient();

    /** Returns where the gradient goes; if there is one already, it is added to. */
    long gradient();
  }

  /**
   * Weights times a factor; the gradient of the product only serves to compute those of the two.
   */
  private static final class Scaled implements PerGroup {

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
    public long values() {
      return Mkl.address(values);
    }

    @Override
    public boolean hasGradient() {
      return gradient != null;
    }

    @Override
    public long gradient() {
      if (gradient == null) {
        gradient = values.getManager().create(shape(), DataType.FLOAT32);
      }
      return Mkl.address(gradient);
    }
  }

  private record OfPass(Tape.Leaf leaf) implements PerGroup {

    @Override
    public Shape shape() {
      return leaf.array().getShape();
    }

    @Override
    public long values() {
      return leaf.address();
    }

    @Override
    public boolean hasGradient() {
      return leaf.hasGradient();
    }

    @Override
    public long gradient() {
      return Mkl.address(leaf.gradient());
    }
  }

  private record OfParameter(ParameterArray parameter) implements PerGroup {

    @Override
    public Shape shape() {
      return parameter.shape();
    }

    @Override
    public long values() {
      return Mkl.address(parameter.memory());
    }

    @Override
    public boolean hasGradient() {
      return parameter.written().isUsed();
    }

    @Override
    public long gradient() {
      return Mkl.address(parameter.written().write());
    }
  }

  @Override
  public NDArray multiply(NDArray ordered, Parameter weight, @Nullable Parameter bias) {
    return multiply(ordered, of(weight), bias == null ? null : of(bias));
  }

  @Override
  public NDArray multiply(NDArray ordered, NDArray weight, @Nullable NDArray bias) {
    return multiply(ordered, ofPass(weight), bias == null ? null : ofPass(bias));
  }

  @Override
  public NDArray multiplyScaled(NDArray ordered, Parameter weight, Parameter factor, NDArray bias) {
    if (!(weight instanceof ParameterArray own && factor instanceof ParameterArray shared)) {
      return multiply(ordered, weight.array().mul(factor.array()), bias);
    }
    require("factors", shared.shape(), own.shape().slice(1));
    NDArray weights = own.constant();
    NDArray factors = shared.constant();
    Scaled scaled = new Scaled(weights.mul(factors));
    return multiply(
        ordered,
        scaled,
        ofPass(bias),
        () -> {
          NDArray gradient = Objects.requireNonNull(scaled.gradient);
          shared.added().add(gradient.mul(weights).sum(new int[] {0}));
          own.added().add(gradient.muli(factors));
        });
  }

  private PerGroup ofPass(NDArray array) {
    if (array.getDataType() != DataType.FLOAT32) {
      throw new IllegalArgumentException("numbers are " + array.getDataType() + ", not float32");
    }
    return new OfPass(tape.take(array));
  }

  private PerGroup of(Parameter parameter) {
    return parameter instanceof ParameterArray array
        ? new OfParameter(array)
        : ofPass(parameter.array());
  }

  private NDArray multiply(NDArray ordered, PerGroup weight, @Nullable PerGroup bias) {
    return multiply(ordered, weight, bias, () -> {});
  }

  /**
   * Multiplies.
   *
   * @param behind what runs once the gradient of the weights is complete
   */
  private NDArray multiply(
      NDArray ordered, PerGroup weight, @Nullable PerGroup bias, Runnable behind) {
    Sizes sizes = Sizes.of(weight.shape());
    require("rows", ordered, rows, sizes.rowIn());
    require("weights", weight.shape(), sizes.shape(groups));
    if (bias != null) {
      require("biases", bias.shape(), new Shape(groups, sizes.rowOut()));
    }
    Tape.Leaf x = tape.take(ordered);
    NDArray y = manager.create(new Shape(rows, sizes.rowOut()), DataType.FLOAT32);
    if (bias != null) {
      spread(sizes, bias.values(), Mkl.address(y));
    }
    forward(sizes, x.address(), weight.values(), Mkl.address(y), bias == null ? 0 : 1);
    return tape.give(
        y,
        gradient -> {
          long dy = Mkl.address(gradient);
          float ofRows = beta(x.hasGradient()); // Before its place is asked for.
          toRows(sizes, dy, weight.values(), Mkl.address(x.gradient()), ofRows);
          float ofWeight = beta(weight.hasGradient());
          toWeights(sizes, x.address(), dy, weight.gradient(), ofWeight);
          if (bias != null) {
            float ofBias = beta(bias.hasGradient());
            toBias(sizes, dy, bias.gradient(), ofBias);
          }
          behind.run();
        });
  }

  @Override
  public Normalized normalize(
      NDArray ordered,
      NDArray scale,
      NDArray shift,
      NDArray mean,
      NDArray variance,
      float epsilon) {
    int columns = (int) ordered.getShape().get(1);
    require("rows", ordered, rows, columns);
    for (NDArray perGroup : List.of(scale, shift, mean, variance)) {
      require("scale, shift, mean and variance", perGroup, groups, columns);
    }
    Shape perGroup = new Shape(groups, columns);
    Tape.Leaf x = tape.take(ordered);
    Tape.Leaf scales = tape.take(scale);
    Tape.Leaf shifts = tape.take(shift);
    NDArray y = manager.create(new Shape(rows, columns), DataType.FLOAT32);
    SegmentNorm norm =
        new SegmentNorm(
            segments,
            tape.workers(),
            perGroup,
            scales.values(),
            Mkl.floats(mean),
            Mkl.floats(variance));
    norm.forward(x.values(), shifts.values(), Mkl.floats(y), epsilon);
    NDArray result =
        tape.give(
            y,
            gradient -> {
              NDArray dx = manager.create(new Shape(rows, columns), DataType.FLOAT32);
              float[] dScale = new float[groups * columns];
              float[] dShift = new float[groups * columns];
              norm.backward(x.values(), Mkl.floats(gradient), Mkl.floats(dx), dScale, dShift);
              x.add(dx);
              scales.add(manager.create(dScale, perGroup));
              shifts.add(manager.create(dShift, perGroup));
            });
    return new Normalized(
        result, manager.create(norm.means(), perGroup), manager.create(norm.variances(), perGroup));
  }

  private static void require(String name, NDArray array, int rows, int columns) {
    require(name, array.getShape(), new Shape(rows, columns));
    if (array.getDataType() != DataType.FLOAT32) {
      throw new IllegalArgumentException("numbers are " + array.getDataType() + ", not float32");
    }
  }

  private static void require(String name, Shape shape, Shape expected) {
    if (!shape.equals(expected)) {
      throw new IllegalArgumentException(
          "%s have the shape %s, expected %s".formatted(name, shape, expected));
    }
  }

  private static float beta(boolean added) {
    return added ? 1 : 0;
  }

  /** How many matrices (in, out) a group has. */
  private record Sizes(int axes, int each, int in, int out) {

    static Sizes of(Shape weight) {
      int axes = weight.dimension();
      if (axes != 3 && axes != 4) {
        throw new IllegalArgumentException("weights are " + weight + ", not (G, n, m)");
      }
      int each = axes == 3 ? 1 : (int) weight.get(1);
      return new Sizes(axes, each, (int) weight.get(axes - 2), (int) weight.get(axes - 1));
    }

    Shape shape(int groups) {
      return axes == 3 ? new Shape(groups, in, out) : new Shape(groups, each, in, out);
    }

    int rowIn() {
      return each * in;
    }

    int rowOut() {
      return each * out;
    }

    long row(long rows, int row) {
      return rows + (long) row * rowIn() * Float.BYTES;
    }

    long result(long results, int row) {
      return results + (long) row * rowOut() * Float.BYTES;
    }

    long matrix(long weights, int group, int part) {
      return weights + ((long) group * each + part) * in * out * Float.BYTES;
    }

    long bias(long biases, int group) {
      return biases + (long) group * rowOut() * Float.BYTES;
    }

    long inputOffset(int part) {
      return (long) part * in * Float.BYTES;
    }

    long outputOffset(int part) {
      return (long) part * out * Float.BYTES;
    }
  }

  private void forward(Sizes s, long x, long weights, long y, float beta) {
    Mkl.Call call = new Mkl.Call(segments.size(), s.each);
    for (Segment segment : segments) {
      call.group(false, false, segment.rows(), s.out, s.in, s.rowIn(), s.out, s.rowOut(), beta);
      for (int part = 0; part < s.each; part++) {
        call.product(
            s.row(x, segment.from()) + s.inputOffset(part),
            s.matrix(weights, segment.group(), part),
            s.result(y, segment.from()) + s.outputOffset(part));
      }
    }
    call.run();
  }

  private void toRows(Sizes s, long dy, long weights, long dx, float beta) {
    Mkl.Call call = new Mkl.Call(segments.size(), s.each);
    for (Segment segment : segments) {
      call.group(false, true, segment.rows(), s.in, s.out, s.rowOut(), s.out, s.rowIn(), beta);
      for (int part = 0; part < s.each; part++) {
        call.product(
            s.result(dy, segment.from()) + s.outputOffset(part),
            s.matrix(weights, segment.group(), part),
            s.row(dx, segment.from()) + s.inputOffset(part));
      }
    }
    call.run();
  }

  /** Groups without rows get zeros. */
  private void toWeights(Sizes s, long x, long dy, long dw, float beta) {
    Mkl.Call call = new Mkl.Call(groups, s.each);
    int next = 0;
    for (int group = 0; group < groups; group++) {
      Segment segment = at(next, group);
      next += segment.rows() > 0 ? 1 : 0;
      call.group(true, false, s.in, s.out, segment.rows(), s.rowIn(), s.rowOut(), s.out, beta);
      for (int part = 0; part < s.each; part++) {
        call.product(
            s.row(x, segment.from()) + s.inputOffset(part),
            s.result(dy, segment.from()) + s.outputOffset(part),
            s.matrix(dw, group, part));
      }
    }
    call.run();
  }

  private void toBias(Sizes s, long dy, long db, float beta) {
    Mkl.Call call = new Mkl.Call(groups, 1);
    int next = 0;
    for (int group = 0; group < groups; group++) {
      Segment segment = at(next, group);
      next += segment.rows() > 0 ? 1 : 0;
      int rows = segment.rows();
      call.group(
          false, false, 1, s.rowOut(), rows, Math.max(1, rows), s.rowOut(), s.rowOut(), beta);
      call.product(ones, s.result(dy, segment.from()), s.bias(db, group));
    }
    call.run();
  }

  /** Writes the bias of its group into each row. */
  private void spread(Sizes s, long biases, long y) {
    Mkl.Call call = new Mkl.Call(segments.size(), 1);
    for (Segment segment : segments) {
      call.group(false, false, segment.rows(), s.rowOut(), 1, 1, s.rowOut(), s.rowOut(), 0);
      call.product(ones, s.bias(biases, segment.group()), s.result(y, segment.from()));
    }
    call.run();
  }

  /** Returns the rows of a group; none if the next segment is that of another group. */
  private Segment at(int next, int group) {
    return next < segments.size() && segments.get(next).group() == group
        ? segments.get(next)
        : new Segment(group, 0, 0);
  }
}
