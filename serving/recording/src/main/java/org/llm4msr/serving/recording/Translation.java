package org.llm4msr.serving.recording;

import static org.llm4msr.serving.recording.OnnxGraph.attribute;

import ai.djl.ndarray.types.DataType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.serving.recording.Sizes.Size;

/**
 * Writes what two recordings of one pass have in common as an ONNX graph whose first axis is free.
 * Values that depend on no input become constants; what no result needs is left out.
 */
final class Translation {

  private final List<Value> twins;
  private final Sizes sizes;
  private final OnnxGraph graph = new OnnxGraph();
  private final Map<Integer, String> names = new HashMap<>();
  private @Nullable Value ofRows; // An input whose first axis is the rows.
  private @Nullable String rows;

  /**
   * Begins a translation of one of two recordings of the same operations.
   *
   * @param twins the values of the other, by number
   * @param sizes the rows of both recordings
   */
  Translation(List<Value> twins, Sizes sizes) {
    this.twins = twins;
    this.sizes = sizes;
  }

  /**
   * Returns the model that computes some values from others.
   *
   * @param inputs what is given, by name
   * @param outputs what is computed, by name
   */
  OnnxModel write(Map<String, Value> inputs, Map<String, Value> outputs) {
    inputs.forEach(
        (name, value) -> {
          names.put(value.number(), name);
          graph.input(name, NumberType.FLOAT32, axes(shape(value)));
          if (value.shape()[0] == sizes.first()) {
            ofRows = value;
          }
        });
    outputs.forEach((name, value) -> graph.output(name(value), name, axes(shape(value))));
    return graph.model();
  }

  private static List<Axis> axes(Size[] shape) {
    return Stream.of(shape)
        .map(size -> size.isKnown() ? Axis.of(size.value()) : Axis.ROWS)
        .toList();
  }

  private Size[] shape(Value value) {
    return sizes.of(value.shape(), twin(value).shape());
  }

  private Value twin(Value value) {
    return twins.get(value.number());
  }

  private String name(Value value) {
    String known = names.get(value.number());
    if (known != null) {
      return known;
    }
    if (value.operation().equals(Value.INPUT)) {
      throw new IllegalStateException("nothing gives the input " + value.name());
    }
    Value twin = twin(value);
    requireSameArguments(value, twin);
    if (value.constant() && Arrays.equals(value.shape(), twin.shape())) {
      requireSameNumbers(value, twin);
      names.put(value.number(), graph.constant(value.array()));
    } else if (value.operation().equals(Value.CONSTANT)) {
      throw Refusal.of(
          value,
          "with a size that depends on the rows: " + value.array().getShape(),
          "Give it one row, which broadcasts.");
    } else if (value.operation().equals("split")) {
      split(value, twin);
    } else {
      names.put(value.number(), translate(value, twin));
    }
    return names.get(value.number());
  }

  /** Sizes may depend on the rows, and are compared where they are read; nothing else may. */
  private static void requireSameArguments(Value value, Value twin) {
    for (int i = 0; i < value.arguments().size(); i++) {
      Object one = value.arguments().get(i);
      Object other = twin.arguments().get(i);
      boolean isOwn = one instanceof Value || one instanceof List || one instanceof long[];
      if (!isOwn && !Objects.deepEquals(one, other)) {
        throw Refusal.of(
            value,
            "with a number that depends on the rows: " + one,
            "Compute it from arrays: mean() in place of a division by the rows.");
      }
    }
  }

  private static void requireSameNumbers(Value value, Value twin) {
    if (value.name() == null
        && value.array().getDataType() == DataType.FLOAT32
        && !value.array().allClose(twin.array(), 1e-4, 1e-6, true)) {
      throw Refusal.of(
          value,
          "whose constant numbers depend on the rows",
          "Make constants of the same numbers for any number of rows.");
    }
  }

  private void split(Value value, Value twin) {
    Value of = of(value);
    int axis = value.arguments().size() > 2 ? (int) whole(value, 2) : 0;
    long all = of.shape()[axis];
    long[] parts = new long[value.outputs()];
    if (value.arguments().get(1) instanceof long[] places) {
      if (!Arrays.equals(places, (long[]) twin.arguments().get(1))) {
        throw Refusal.of(
            value, "at places that depend on the rows", "Cut along another axis than the rows'.");
      }
      for (int i = 0; i < parts.length; i++) {
        parts[i] = (i < places.length ? places[i] : all) - (i == 0 ? 0 : places[i - 1]);
      }
    } else {
      Arrays.fill(parts, all / parts.length);
    }
    List<String> results =
        graph.nodes(
            "Split",
            List.of(name(of), graph.wholeNumbers(parts)),
            parts.length,
            attribute("axis", axis));
    for (int i = 0; i < parts.length; i++) {
      names.put(value.number() - value.output() + i, results.get(i));
    }
  }

  private String translate(Value value, Value twin) {
    return switch (value.operation()) {
      case "add" -> withOther("Add", value);
      case "sub" -> withOther("Sub", value);
      case "mul" -> withOther("Mul", value);
      case "div" -> withOther("Div", value);
      case "matMul", "batchMatMul" -> withOther("MatMul", value);
      case "maximum" -> withOther("Max", value);
      case "minimum" -> withOther("Min", value);
      case "pow" -> withOther("Pow", value);
      case "gt" -> withOther("Greater", value);
      case "lt" -> withOther("Less", value);
      case "neg" -> alone("Neg", value);
      case "abs" -> alone("Abs", value);
      case "exp" -> alone("Exp", value);
      case "log" -> alone("Log", value);
      case "sqrt" -> alone("Sqrt", value);
      case "tanh", "ex.tanh" -> alone("Tanh", value);
      case "ex.relu" -> alone("Relu", value);
      case "ex.sigmoid" -> alone("Sigmoid", value);
      case "ex.leakyRelu" ->
          graph.node("LeakyRelu", List.of(name(of(value))), attribute("alpha", number(value, 1)));
      case "softmax" ->
          graph.node("Softmax", List.of(name(of(value))), attribute("axis", whole(value, 1)));
      case "square" -> graph.node("Mul", List.of(name(of(value)), name(of(value))));
      case "stopGradient", "duplicate" -> name(of(value));
      case "expandDims" -> withAxes("Unsqueeze", value);
      case "squeeze" -> withAxes("Squeeze", value);
      case "transpose" -> transpose(value);
      case "sum" -> reduce("ReduceSum", value);
      case "mean" -> reduce("ReduceMean", value);
      case "reshape" -> reshape(value, twin);
      case "broadcast" -> graph.node("Expand", List.of(name(of(value)), shape(sizes(value, twin))));
      case "concat" -> concat(List.of(of(value), (Value) value.arguments().get(1)), value);
      case "ex.concat" -> concat(withList(value), value);
      case "ex.stack" -> stack(value);
      case "get" -> slice(value);
      case "toType" -> cast(value);
      case "argMax" ->
          graph.node(
              "ArgMax",
              List.of(name(of(value))),
              attribute("axis", whole(value, 1)),
              attribute("keepdims", 0));
      case "oneHot" ->
          graph.node(
              "OneHot",
              List.of(name(of(value)), graph.wholeNumbers(whole(value, 1)), graph.numbers(0, 1)));
      default -> throw Refusal.of(value, "which has no counterpart in ONNX", Refusal.LIST);
    };
  }

  private static Value of(Value value) {
    return (Value) value.arguments().get(0);
  }

  private static long whole(Value value, int argument) {
    return ((Number) value.arguments().get(argument)).longValue();
  }

  private static float number(Value value, int argument) {
    return ((Number) value.arguments().get(argument)).floatValue();
  }

  private String alone(String operator, Value value) {
    return graph.node(operator, List.of(name(of(value))));
  }

  private String withOther(String operator, Value value) {
    Object other = value.arguments().get(1);
    return graph.node(
        operator,
        List.of(
            name(of(value)),
            other instanceof Value array ? name(array) : graph.number(number(value, 1))));
  }

  private String withAxes(String operator, Value value) {
    return graph.node(operator, List.of(name(of(value)), graph.wholeNumbers(axes(value))));
  }

  private static long[] axes(Value value) {
    return value.arguments().get(1) instanceof int[] several
        ? IntStream.of(several).asLongStream().toArray()
        : new long[] {whole(value, 1)};
  }

  private String transpose(Value value) {
    boolean named =
        value.arguments().size() > 1
            && value.arguments().get(1) instanceof int[] given
            && given.length > 0;
    int count = value.shape().length;
    long[] order =
        named ? axes(value) : IntStream.range(0, count).mapToLong(i -> count - 1 - i).toArray();
    return graph.node("Transpose", List.of(name(of(value))), attribute("perm", order));
  }

  private String reduce(String operator, Value value) {
    List<Object> arguments = value.arguments();
    boolean keeps = arguments.size() > 2 && (Boolean) arguments.get(2);
    List<String> inputs = new ArrayList<>(List.of(name(of(value))));
    if (arguments.size() == 1) {
      return graph.node(operator, inputs, attribute("keepdims", 0));
    }
    if (operator.equals("ReduceSum")) { // Which takes its axes as an input, unlike the others.
      inputs.add(graph.wholeNumbers(axes(value)));
      return graph.node(operator, inputs, attribute("keepdims", keeps ? 1 : 0));
    }
    return graph.node(
        operator, inputs, attribute("axes", axes(value)), attribute("keepdims", keeps ? 1 : 0));
  }

  private Size[] sizes(Value value, Value twin) {
    return sizes.of((long[]) value.arguments().get(1), (long[]) twin.arguments().get(1));
  }

  /** Reshapes with 0 for an axis that stays and -1 for one that follows, where that is enough. */
  private String reshape(Value value, Value twin) {
    Size[] wanted = sizes(value, twin);
    Size[] before = shape(of(value));
    long[] result = new long[wanted.length];
    boolean follows = Arrays.stream(wanted).anyMatch(size -> size.isKnown() && size.value() == -1);
    for (int i = 0; i < result.length; i++) {
      if (wanted[i].isKnown()) {
        result[i] = wanted[i].value();
      } else if (i < before.length && before[i].equals(wanted[i])) {
        result[i] = 0;
      } else if (!follows) {
        result[i] = -1;
        follows = true;
      } else {
        return graph.node("Reshape", List.of(name(of(value)), shape(shape(value))));
      }
    }
    return graph.node("Reshape", List.of(name(of(value)), graph.wholeNumbers(result)));
  }

  /** Returns a shape, computed from that of the first input where it depends on the rows. */
  private String shape(Size[] wanted) {
    if (Arrays.stream(wanted).allMatch(Size::isKnown)) {
      return graph.wholeNumbers(Arrays.stream(wanted).mapToLong(Size::value).toArray());
    }
    List<String> parts = new ArrayList<>();
    for (Size size : wanted) {
      parts.add(
          size.isKnown()
              ? graph.wholeNumbers(size.value())
              : graph.node("Mul", List.of(rows(), graph.wholeNumbers(size.times()))));
    }
    return graph.node("Concat", parts, attribute("axis", 0));
  }

  private String rows() {
    if (rows == null) {
      Value input = Objects.requireNonNull(ofRows, "an input of rows");
      rows =
          graph.node(
              "Gather",
              List.of(graph.node("Shape", List.of(name(input))), graph.wholeNumbers(0)),
              attribute("axis", 0));
    }
    return rows;
  }

  private String concat(List<Value> values, Value value) {
    long axis = value.arguments().size() > 2 ? whole(value, 2) : 0;
    return graph.node("Concat", values.stream().map(this::name).toList(), attribute("axis", axis));
  }

  @SuppressWarnings("unchecked") // The recorder makes lists of values alone.
  private static List<Value> withList(Value value) {
    List<Value> all = new ArrayList<>(List.of(of(value)));
    all.addAll((List<Value>) value.arguments().get(1));
    return all;
  }

  private String stack(Value value) {
    long axis = whole(value, 2);
    List<String> parts =
        withList(value).stream()
            .map(part -> graph.node("Unsqueeze", List.of(name(part), graph.wholeNumbers(axis))))
            .toList();
    return graph.node("Concat", parts, attribute("axis", axis));
  }

  private String slice(Value value) {
    if (value.arguments().get(1) instanceof String range
        && range.matches("\\d+:\\d+")
        && value.arguments().size() <= 3) {
      String[] ends = range.split(":", 2);
      return graph.node(
          "Slice",
          List.of(
              name(of(value)),
              graph.wholeNumbers(Long.parseLong(ends[0])),
              graph.wholeNumbers(Long.parseLong(ends[1])),
              graph.wholeNumbers(0)));
    }
    throw Refusal.of(
        value,
        "with an index that is no range of the first axis: " + value.arguments().get(1),
        "Use split(indices, axis), which cuts along any axis.");
  }

  private String cast(Value value) {
    long type = value.arguments().get(1) == DataType.FLOAT32 ? 1 : 7; // FLOAT and INT64 of ONNX.
    return graph.node("Cast", List.of(name(of(value))), attribute("to", type));
  }
}
