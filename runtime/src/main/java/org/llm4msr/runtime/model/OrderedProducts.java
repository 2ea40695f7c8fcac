package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.RowProducts;

/** Products of the rows of one plan by {@link Mkl}. */
final class OrderedProducts implements RowProducts {

  private final NDManager manager;
  private final Tape tape;
  private final int groups;
  private final List<Segment> segments;
  private final long ones;

  OrderedProducts(NDManager manager, Tape tape, int rows, int groups, List<Segment> segments) {
    this.manager = manager;
    this.tape = tape;
    this.groups = groups;
    this.segments = segments;
    NDArray array = manager.ones(new Shape(rows));
    NDScope.unregister(array); // Later scopes of the batch use it too.
    ones = Mkl.address(array);
  }

  /** What each group has: where it lies, and where its gradient goes. */
  private interface PerGroup {

    Shape shape();

    long values();

    /** Returns whether a gradient was written in this pass. */
    boolean hasGradient();

    /** Returns where the gradient goes; what is there is added to where there is one. */
    long gradient();
  }

  private record OfPass(Tape.Leaf leaf) implements PerGroup {

    @Override
    public Shape shape() {
      return leaf.array().getShape();
    }

    @Override
    public long values() {
      return Mkl.address(leaf.array());
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
      return parameter.hasOwnGradient();
    }

    @Override
    public long gradient() {
      return Mkl.address(parameter.ownGradient());
    }
  }

  @Override
  public NDArray multiply(NDArray ordered, Parameter weight, @Nullable Parameter bias) {
    return multiply(ordered, of(weight), bias == null ? null : of(bias));
  }

  @Override
  public NDArray multiply(NDArray ordered, NDArray weight, @Nullable NDArray bias) {
    return multiply(
        ordered, new OfPass(tape.take(weight)), bias == null ? null : new OfPass(tape.take(bias)));
  }

  private PerGroup of(Parameter parameter) {
    return parameter instanceof ParameterArray array
        ? new OfParameter(array)
        : new OfPass(tape.take(parameter.array()));
  }

  private NDArray multiply(NDArray ordered, PerGroup weight, @Nullable PerGroup bias) {
    Tape.Leaf x = tape.take(ordered);
    Sizes sizes = Sizes.of(weight.shape());
    Shape shape = new Shape(x.array().getShape().get(0), (long) sizes.each * sizes.out);
    NDArray y = manager.create(shape, DataType.FLOAT32);
    long rows = Mkl.address(x.array());
    long result = Mkl.address(y);
    if (bias != null) {
      spread(sizes, bias.values(), result);
    }
    forward(sizes, rows, weight.values(), result, bias == null ? 0 : 1);
    return tape.give(
        y,
        gradient -> {
          long dy = Mkl.address(gradient);
          float ofRows = beta(x.hasGradient());
          toRows(sizes, dy, weight.values(), Mkl.address(x.gradient()), ofRows);
          float ofWeight = beta(weight.hasGradient());
          toWeights(sizes, rows, dy, weight.gradient(), ofWeight);
          if (bias != null) {
            float ofBias = beta(bias.hasGradient());
            toBias(sizes, dy, bias.gradient(), ofBias);
          }
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
    Tape.Leaf x = tape.take(ordered);
    Tape.Leaf scales = tape.take(scale);
    Tape.Leaf shifts = tape.take(shift);
    Shape perGroup = scale.getShape();
    NDArray y = manager.create(ordered.getShape(), DataType.FLOAT32);
    GroupNorm norm =
        new GroupNorm(
            segments,
            tape.workers(),
            perGroup,
            Mkl.floats(scale),
            Mkl.floats(mean),
            Mkl.floats(variance));
    norm.forward(Mkl.floats(x.array()), Mkl.floats(shift), Mkl.floats(y), epsilon);
    NDArray result =
        tape.give(
            y,
            gradient -> {
              NDArray dx = manager.create(ordered.getShape(), DataType.FLOAT32);
              float[] dScale = new float[(int) perGroup.size()];
              float[] dShift = new float[(int) perGroup.size()];
              norm.backward(
                  Mkl.floats(x.array()), Mkl.floats(gradient), Mkl.floats(dx), dScale, dShift);
              x.add(dx);
              scales.add(manager.create(dScale, perGroup));
              shifts.add(manager.create(dShift, perGroup));
            });
    return new Normalized(
        result, manager.create(norm.means(), perGroup), manager.create(norm.variances(), perGroup));
  }

  private static float beta(boolean added) {
    return added ? 1 : 0;
  }

  /** How many matrices (in, out) a group has. */
  private record Sizes(int each, int in, int out) {

    static Sizes of(Shape weight) {
      int axes = weight.dimension();
      int each = axes == 3 ? 1 : (int) weight.get(1);
      return new Sizes(each, (int) weight.get(axes - 2), (int) weight.get(axes - 1));
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

    long in(int part) {
      return (long) part * in * Float.BYTES;
    }

    long out(int part) {
      return (long) part * out * Float.BYTES;
    }
  }

  private void forward(Sizes s, long x, long weights, long y, float beta) {
    Mkl.Call call = new Mkl.Call(segments.size(), s.each);
    for (Segment segment : segments) {
      call.group(false, false, segment.rows(), s.out, s.in, s.rowIn(), s.out, s.rowOut(), beta);
      for (int part = 0; part < s.each; part++) {
        call.product(
            s.row(x, segment.from()) + s.in(part),
            s.matrix(weights, segment.group(), part),
            s.result(y, segment.from()) + s.out(part));
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
            s.result(dy, segment.from()) + s.out(part),
            s.matrix(weights, segment.group(), part),
            s.row(dx, segment.from()) + s.in(part));
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
            s.row(x, segment.from()) + s.in(part),
            s.result(dy, segment.from()) + s.out(part),
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

  /** Returns the rows of a group, none where the next segment is another's. */
  private Segment at(int next, int group) {
    return next < segments.size() && segments.get(next).group() == group
        ? segments.get(next)
        : new Segment(group, 0, 0);
  }
}
