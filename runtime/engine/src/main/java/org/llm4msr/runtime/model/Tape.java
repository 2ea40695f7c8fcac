package org.llm4msr.runtime.model;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.BatchShare;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.engine.HalfScript;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.engine.TorchGradients;
import org.llm4msr.runtime.kernels.FloatMemory;
import org.llm4msr.runtime.tables.Workers;

/**
 * The operations of one pass that the engine does not record, in order. For the engine, an array
 * that they take ends in a {@link Leaf}, and their result begins in another. On the way back each
 * operation computes, from the gradient of its result, those of the arrays that it took, and the
 * engine continues from there.
 */
public final class Tape {

  private final NDManager manager;
  private final Workers workers;
  private final Precision precision;
  private final @Nullable HalfScript halves;
  private final boolean recording;
  private @Nullable BatchShare share;
  private Consumer<ParameterArray> behind = array -> {};
  private final List<Runnable> steps = new ArrayList<>();

  /** The leaves of results, and of arrays that operations took, by the array. */
  private final IdentityHashMap<NDArray, Leaf> leaves = new IdentityHashMap<>();

  private Tape(
      NDManager manager,
      Workers workers,
      Precision precision,
      @Nullable HalfScript halves,
      boolean recording) {
    this.manager = manager;
    this.workers = workers;
    this.precision = precision;
    this.halves = halves;
    this.recording = recording;
  }

  /**
   * Makes the tape of a pass.
   *
   * @param manager owns its arrays
   * @param workers share its loops
   * @param precision of products
   * @param training whether {@link #backward} follows
   */
  public static Tape of(NDManager manager, Workers workers, Precision precision, boolean training) {
    return new Tape(manager, workers, precision, null, training && Mkl.serves(manager));
  }

  /** Makes the tape of a pass whose products of bfloat16 are the engine's. */
  public static Tape of(NDManager manager, Workers workers, HalfScript halves, boolean training) {
    return new Tape(manager, workers, Precision.BFLOAT16, halves, training);
  }

  /** Says of which larger batch the rows are. */
  public void isOf(@Nullable BatchShare larger) {
    share = larger;
  }

  /** Returns of which larger batch the rows are; null where they are all. */
  @Nullable BatchShare share() {
    return share;
  }

  Precision precision() {
    return precision;
  }

  NDManager manager() {
    return manager;
  }

  Workers workers() {
    return workers;
  }

  /** Returns the engine's products of bfloat16, null where it has none or none are wanted. */
  @Nullable HalfScript halves() {
    return halves;
  }

  /** Returns whether it records operations; if not, the engine records all. */
  boolean records() {
    return recording;
  }

  /** Returns whether products with the matrices of groups are computed outside the engine. */
  boolean recordsGroups() {
    return recording && halves == null;
  }

  /** Returns whether layers are computed outside the engine. */
  boolean computesLayers() {
    return halves == null && (recording || (precision != Precision.FLOAT32 && Mkl.serves(manager)));
  }

  /** An array at which the engine's record begins, or ends. */
  final class Leaf {

    private final NDArray array;
    private final @Nullable NDArray result;
    private final boolean wanted;
    private @Nullable NDArray values;
    private @Nullable NDArray gradient;

    /**
     * Makes a leaf.
     *
     * @param result the array with which the engine goes on, null where its record ends
     * @param wanted whether its gradient goes anywhere
     */
    private Leaf(NDArray array, @Nullable NDArray result, boolean wanted) {
      this.array = array;
      this.result = result;
      this.wanted = wanted;
    }

    /** Returns the array without a history. */
    NDArray array() {
      return array;
    }

    /** Returns the values, row-major, until the step ends. */
    FloatMemory values() {
      if (values == null) {
        values = array.reshape(-1); // Copies values that are not contiguous.
      }
      return FloatMemory.of(values);
    }

    /** Returns whether something needs its gradient. */
    boolean isWanted() {
      return wanted;
    }

    /** Returns whether a gradient was handed to it. */
    boolean hasGradient() {
      return gradient != null;
    }

    /** Returns the array to which its gradient is added, or written where there is none yet. */
    NDArray gradient() {
      if (gradient == null) {
        gradient = manager.create(array.getShape(), array.getDataType());
      }
      return gradient;
    }

    /**
     * Adds to its gradient.
     *
     * @param more row-major; it may become the gradient itself, which others add to and overwrite
     */
    void add(NDArray more) {
      if (gradient == null) {
        gradient = more;
      } else {
        gradient.addi(more);
      }
    }

    /** Returns its whole gradient, null where nothing depends on it. */
    private @Nullable NDArray whole() {
      NDArray ofEngine = result == null ? null : TorchGradients.of(result);
      if (ofEngine != null && gradient != null) {
        return gradient.addi(ofEngine);
      }
      return ofEngine == null ? gradient : ofEngine;
    }
  }

  /**
   * Announces an array at which all records begin, and whose {@link #gradient} is asked for.
   *
   * @param input requires a gradient
   */
  public void begin(NDArray input) {
    if (recording) {
      leaves.put(input, new Leaf(input.stopGradient(), input, true));
    }
  }

  /**
   * Returns the gradient of an input after {@link #backward}, zeros where nothing depends on it;
   * the caller closes it.
   */
  public NDArray gradient(NDArray input) {
    Leaf leaf = leaves.get(input);
    NDArray whole = leaf == null ? null : leaf.whole();
    return whole == null ? input.getGradient() : whole;
  }

  /** Says that the gradient of a parameter is complete, and that nothing reads it any more. */
  void complete(ParameterArray parameter) {
    behind.accept(parameter);
  }

  /** Returns the leaf in which an array ends for the engine, for operations that take it. */
  Leaf take(NDArray array) {
    if (!recording) {
      return new Leaf(array, null, false);
    }
    Leaf known = leaves.get(array);
    if (known != null) {
      return known;
    }
    Leaf leaf = new Leaf(array.stopGradient(), null, TorchGradients.reach(array));
    leaves.put(array, leaf);
    if (leaf.wanted) {
      steps.add(
          () -> {
            NDArray gradient = leaf.whole();
            if (gradient != null) {
              TorchGradients.backward(array, gradient);
            }
          });
    }
    return leaf;
  }

  /**
   * Returns an equal array whose gradient is passed on once, after everything that uses it has
   * added its own.
   */
  NDArray join(NDArray array) {
    return reshape(array, array.getShape());
  }

  /**
   * Returns the same values, row-major, in another shape; so their gradient is row-major, too: the
   * engine gives that of an array the array's own order.
   */
  NDArray reshape(NDArray array, Shape shape) {
    Leaf end = take(array);
    Shape before = end.array().getShape();
    NDArray values = end.array().reshape(-1);
    return give(values.reshape(shape), gradient -> end.add(gradient.reshape(before)));
  }

  /** What an operation does with the gradient of its result. */
  interface Operation {
    void backward(NDArray gradient);
  }

  /**
   * What an operation does with the gradients of its results; null where nothing depends on one.
   */
  interface Operations {
    void backward(List<@Nullable NDArray> gradients);
  }

  /** Records an operation; returns its result as the engine goes on with it. */
  NDArray give(NDArray result, Operation operation) {
    return give(List.of(result), gradients -> operation.backward(requireNonNull(gradients.get(0))))
        .get(0);
  }

  /** Records an operation with several results. */
  List<NDArray> give(List<NDArray> results, Operations operation) {
    if (!recording) {
      return results;
    }
    List<NDArray> guarded = results.stream().map(this::guarded).toList();
    List<Leaf> ends = guarded.stream().map(array -> requireNonNull(leaves.get(array))).toList();
    steps.add(
        () -> {
          List<@Nullable NDArray> gradients = new ArrayList<>();
          ends.forEach(leaf -> gradients.add(leaf.whole()));
          if (gradients.stream().anyMatch(Objects::nonNull)) {
            operation.backward(gradients);
          }
        });
    return guarded;
  }

  /** Returns a result as the engine goes on with it. */
  private NDArray guarded(NDArray result) {
    NDArray values = result.stopGradient();
    result.setRequiresGradient(true);
    Leaf leaf = new Leaf(values, result, true);
    NDArray guarded = TorchGradients.guarded(result);
    leaves.put(guarded, leaf);
    return guarded;
  }

  /** Computes all gradients of a scalar. */
  public void backward(GradientCollector collector, NDArray loss) {
    backward(collector, loss, array -> {});
  }

  /**
   * Computes all gradients of a scalar.
   *
   * @param behind hears of parameters whose gradient is complete, and which nothing reads any more
   *     in this pass, while others are computed; not of all
   */
  public void backward(GradientCollector collector, NDArray loss, Consumer<ParameterArray> behind) {
    this.behind = behind;
    if (steps.isEmpty()) {
      collector.backward(loss);
      return;
    }
    TorchGradients.backward(loss, loss.onesLike());
    for (int i = steps.size() - 1; i >= 0; i--) {
      steps.get(i).run();
    }
  }
}
