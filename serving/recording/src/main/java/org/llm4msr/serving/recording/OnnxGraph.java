package org.llm4msr.serving.recording;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.UnsafeByteOperations;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/**
 * An ONNX graph that grows node by node. Names of results are made here. A branch of a graph reads
 * its values by name, and equal constants are stored once, in the outermost graph.
 */
final class OnnxGraph {

  /** What runtimes of 2022 and later read. */
  private static final int OPERATORS = 17;

  private static final int FORMAT = 8;

  /** No field has it in its name, since fields name files. */
  private static final String PREFIX = "/";

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("llm4msr");
  private final OnnxGraph outermost;
  private final Set<String> names = new HashSet<>();
  private final Map<TensorProto, String> constants = new HashMap<>();
  private int made;

  OnnxGraph() {
    outermost = this;
  }

  private OnnxGraph(OnnxGraph outermost) {
    this.outermost = outermost;
  }

  /** Adds a node with one result and returns its name. */
  String node(String operator, List<String> inputs, AttributeProto... attributes) {
    return nodes(operator, inputs, 1, attributes).get(0);
  }

  /** Adds a node and returns the names of its results. */
  List<String> nodes(
      String operator, List<String> inputs, int outputs, AttributeProto... attributes) {
    List<String> results = new ArrayList<>();
    for (int i = 0; i < outputs; i++) {
      results.add(fresh());
    }
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType(operator)
            .addAllInput(inputs)
            .addAllOutput(results)
            .addAllAttribute(List.of(attributes)));
    return results;
  }

  /**
   * Adds all nodes of another graph.
   *
   * @param inputs values of this graph by the other's inputs; more than it reads do no harm
   * @return values of this graph by the other's outputs
   */
  Map<String, String> include(GraphProto other, Map<String, String> inputs) {
    Map<String, String> known = new HashMap<>();
    for (ValueInfoProto input : other.getInputList()) {
      known.put(input.getName(), requireNonNull(inputs.get(input.getName()), input.getName()));
    }
    other
        .getInitializerList()
        .forEach(tensor -> known.put(tensor.getName(), constant(tensor.toBuilder().clearName())));
    for (NodeProto node : other.getNodeList()) {
      NodeProto.Builder added = node.toBuilder().clearInput().clearOutput();
      node.getInputList().forEach(name -> added.addInput(requireNonNull(known.get(name), name)));
      node.getOutputList()
          .forEach(name -> added.addOutput(known.computeIfAbsent(name, own -> fresh())));
      graph.addNode(added);
    }
    return other.getOutputList().stream()
        .map(ValueInfoProto::getName)
        .collect(Collectors.toMap(name -> name, name -> requireNonNull(known.get(name), name)));
  }

  /** Begins a branch of a node of this graph. */
  OnnxGraph branch() {
    return new OnnxGraph(outermost);
  }

  /** Returns this graph as a branch with one result, of float32. */
  AttributeProto asBranch(String name, String result) {
    String output = fresh();
    output(result, output);
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.GRAPH)
        .setG(
            graph
                .setName(output)
                .addOutput(info(output, TypeProto.Tensor.newBuilder(), NumberType.FLOAT32)))
        .build();
  }

  static AttributeProto attribute(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  static AttributeProto attribute(String name, float value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.FLOAT)
        .setF(value)
        .build();
  }

  static AttributeProto attribute(String name, long[] values) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INTS)
        .addAllInts(LongStream.of(values).boxed().toList())
        .build();
  }

  /** Adds whole numbers in one axis. */
  String wholeNumbers(long... values) {
    return constant(
        TensorProto.newBuilder()
            .setDataType(TensorProto.DataType.INT64_VALUE)
            .addDims(values.length)
            .addAllInt64Data(LongStream.of(values).boxed().toList()));
  }

  /** Adds a whole number without axes. */
  String wholeNumber(long value) {
    return constant(
        TensorProto.newBuilder().setDataType(TensorProto.DataType.INT64_VALUE).addInt64Data(value));
  }

  /** Adds a number without axes. */
  String number(float value) {
    return constant(
        TensorProto.newBuilder().setDataType(TensorProto.DataType.FLOAT_VALUE).addFloatData(value));
  }

  /** Adds numbers in one axis. */
  String numbers(float... values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setDataType(TensorProto.DataType.FLOAT_VALUE)
            .addDims(values.length);
    for (float value : values) {
      tensor.addFloatData(value);
    }
    return constant(tensor);
  }

  /** Adds numbers of float64 in one axis. */
  String doubles(double... values) {
    return constant(
        TensorProto.newBuilder()
            .setDataType(TensorProto.DataType.DOUBLE_VALUE)
            .addDims(values.length)
            .addAllDoubleData(DoubleStream.of(values).boxed().toList()));
  }

  /** Adds numbers of float32 of a shape. */
  String constant(FloatBuffer values, long... shape) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values.remaining(), Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values.duplicate());
    return constant(
        TensorProto.newBuilder()
            .setDataType(TensorProto.DataType.FLOAT_VALUE)
            .addAllDims(LongStream.of(shape).boxed().toList())
            .setRawData(UnsafeByteOperations.unsafeWrap(bytes)));
  }

  /** Adds the values of an array. */
  String constant(NDArray array) {
    if (array.getDataType() == DataType.FLOAT32) {
      return constant(FloatBuffer.wrap(array.toFloatArray()), array.getShape().getShape());
    }
    try (NDArray whole = array.toType(DataType.INT64, true)) {
      return constant(
          TensorProto.newBuilder()
              .setDataType(TensorProto.DataType.INT64_VALUE)
              .addAllDims(LongStream.of(array.getShape().getShape()).boxed().toList())
              .addAllInt64Data(LongStream.of(whole.toLongArray()).boxed().toList()));
    }
  }

  private String constant(TensorProto.Builder tensor) {
    return outermost.constants.computeIfAbsent(
        tensor.build(),
        added -> {
          String name = fresh();
          outermost.graph.addInitializer(added.toBuilder().setName(name));
          return name;
        });
  }

  /**
   * Adds an input; before any node.
   *
   * @throws IllegalArgumentException for a name that is taken
   */
  void input(String name, NumberType type, List<Axis> axes) {
    take(name);
    graph.addInput(info(name, shaped(axes), type));
  }

  /**
   * Gives a result the name of an output, of float32.
   *
   * @throws IllegalArgumentException for a name that is taken
   */
  void output(String result, String name, List<Axis> axes) {
    take(name);
    output(result, name);
    graph.addOutput(info(name, shaped(axes), NumberType.FLOAT32));
  }

  private void output(String result, String name) {
    graph.addNode(NodeProto.newBuilder().setOpType("Identity").addInput(result).addOutput(name));
  }

  private void take(String name) {
    if (!outermost.names.add(name)) {
      throw new IllegalArgumentException("the name %s is taken".formatted(name));
    }
  }

  private static TypeProto.Tensor.Builder shaped(List<Axis> axes) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (Axis axis : axes) {
      TensorShapeProto.Dimension.Builder dimension = TensorShapeProto.Dimension.newBuilder();
      String free = axis.name();
      shape.addDim(free == null ? dimension.setDimValue(axis.size()) : dimension.setDimParam(free));
    }
    return TypeProto.Tensor.newBuilder().setShape(shape);
  }

  private static ValueInfoProto info(
      String name, TypeProto.Tensor.Builder tensor, NumberType type) {
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor.setElemType(type.code())))
        .build();
  }

  /** Returns a name that no value of this graph and of its branches has. */
  private String fresh() {
    String name;
    do {
      name = PREFIX + outermost.made++;
    } while (!outermost.names.add(name));
    return name;
  }

  /** Returns the model with this graph. */
  OnnxModel model() {
    return new OnnxModel(
        ModelProto.newBuilder()
            .setIrVersion(FORMAT)
            .setProducerName("llm4msr")
            .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPERATORS))
            .setGraph(graph)
            .build());
  }
}
