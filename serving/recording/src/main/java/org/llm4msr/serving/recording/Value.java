package org.llm4msr.serving.recording;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An array of a recorded pass.
 *
 * @param number its place in the recording
 * @param operation the method of the engine that made it, or {@link #INPUT} or {@link #CONSTANT}
 * @param arguments values, lists of values, numbers, flags, texts, {@code long[]} for shapes; the
 *     array on which the method was called comes first
 * @param array what the engine computed
 * @param source what it depends on
 * @param name of an input or of a parameter
 * @param output which of the results of its operation it is
 * @param outputs how many results the operation has
 * @param caller whose code it is
 */
record Value(
    int number,
    String operation,
    List<Object> arguments,
    NDArray array,
    Source source,
    @Nullable String name,
    int output,
    int outputs,
    String caller) {

  static final String INPUT = "input";
  static final String CONSTANT = "constant";

  /** What values depend on; of two, the later one counts for what is made of both. */
  enum Source {
    /** No input: parameters, and what the pass makes up. */
    MODEL,
    /** The knowledge of the user, and none of the rows. */
    USER,
    /** Rows. */
    ROWS;

    Source and(Source other) {
      return compareTo(other) < 0 ? other : this;
    }
  }

  Value {
    arguments = List.copyOf(arguments);
  }

  /** Returns the values among the arguments. */
  List<Value> values() {
    return arguments.stream()
        .flatMap(argument -> argument instanceof List<?> list ? list.stream() : Stream.of(argument))
        .filter(Value.class::isInstance)
        .map(Value.class::cast)
        .toList();
  }

  /** Returns whether it depends on no input. */
  boolean constant() {
    return source == Source.MODEL;
  }

  /** Returns an argument that is a value. */
  Value argument(int place) {
    return (Value) arguments.get(place);
  }

  /** Returns an argument that is a value; null if another operation made this value. */
  @Nullable Value argumentOf(String made, int place) {
    boolean has = operation.equals(made) && place < arguments.size();
    return has && arguments.get(place) instanceof Value value ? value : null;
  }

  /** Returns the size of an axis; 1 is the last one. */
  long sizeFromEnd(int axis) {
    return array.getShape().get(array.getShape().dimension() - axis);
  }

  /** Returns the shape, the batch axis included. */
  long[] shape() {
    return array.getShape().getShape();
  }
}
