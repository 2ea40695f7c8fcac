package org.llm4msr.serving.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.llm4msr.serving.recording.OnnxGraph.attribute;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtEngineProvider;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is written is parsed as ONNX defines it, or computed by ONNX Runtime. */
class OnnxGraphTest {

  private static final List<Axis> ONE = List.of(Axis.of(1));
  private static final List<Axis> ROWS = List.of(Axis.ROWS);

  private final OnnxGraph graph = new OnnxGraph();

  @Test
  void statesItsFormatItsOperatorsAndTheShapesOfItsValues() throws Exception {
    graph.input("x", NumberType.FLOAT64, List.of(Axis.ROWS, Axis.of(3), Axis.free("events")));
    graph.output(graph.node("Neg", List.of("x")), "y", List.of(Axis.of(2), Axis.ROWS));

    ModelProto model = parsed();

    assertThat(model.getIrVersion()).as("of ONNX 1.12").isEqualTo(8);
    assertThat(model.getOpsetImportList())
        .singleElement()
        .satisfies(
            set -> {
              assertThat(set.getDomain()).isEmpty();
              assertThat(set.getVersion()).isEqualTo(17);
            });
    ValueInfoProto input = model.getGraph().getInput(0);
    assertThat(input.getName()).isEqualTo("x");
    assertThat(input.getType().getTensorType().getElemType()).as("DOUBLE").isEqualTo(11);
    assertThat(shape(input)).containsExactly("rows", "3", "events");
    ValueInfoProto output = model.getGraph().getOutput(0);
    assertThat(output.getName()).isEqualTo("y");
    assertThat(output.getType().getTensorType().getElemType()).as("FLOAT").isEqualTo(1);
    assertThat(shape(output)).containsExactly("2", "rows");
  }

  private static List<String> shape(ValueInfoProto value) {
    return value.getType().getTensorType().getShape().getDimList().stream()
        .map(axis -> axis.hasDimParam() ? axis.getDimParam() : "" + axis.getDimValue())
        .toList();
  }

  @Test
  void constantsOfEveryTypeAreReadAsTheyWereGiven() throws Exception {
    FloatBuffer table = FloatBuffer.wrap(new float[] {9, 1, 2, 3, 4, 9}).position(1).limit(5);
    give("whole", graph.wholeNumbers(3, -4), List.of(Axis.of(2)));
    give("single", graph.wholeNumber(1L << 40), List.of());
    give("number", graph.number(0.1f), List.of());
    give("numbers", graph.numbers(1.5f, Float.MIN_VALUE), List.of(Axis.of(2)));
    give("doubles", graph.doubles(0.5, -1e300), List.of(Axis.of(2)));
    give("table", graph.constant(table, 2, 2), List.of(Axis.of(2), Axis.of(2)));
    try (NDManager engine = new PtEngineProvider().getEngine().newBaseManager()) {
      give("floats", graph.constant(engine.create(new float[] {1, 0.5f})), List.of(Axis.of(2)));
      give("ints", graph.constant(engine.create(new int[] {-7, 8})), List.of(Axis.of(2)));
      give(
          "flags", graph.constant(engine.create(new boolean[] {true, false})), List.of(Axis.of(2)));
      give(
          "wide",
          graph.constant(engine.create(new double[] {3}).toType(DataType.INT64, false)),
          List.of(Axis.of(1)));
    }

    Map<String, float[]> read = OnnxRun.of(graph.model(), Map.of());

    assertThat(read.get("whole")).containsExactly(3, -4);
    assertThat(read.get("single")).containsExactly(1.0995116e12f);
    assertThat(read.get("number")).containsExactly(0.1f);
    assertThat(read.get("numbers")).containsExactly(1.5f, Float.MIN_VALUE);
    assertThat(read.get("doubles")).containsExactly(0.5f, Float.NEGATIVE_INFINITY);
    assertThat(read.get("table")).containsExactly(1, 2, 3, 4);
    assertThat(table.position()).as("the buffer stays where it was").isEqualTo(1);
    assertThat(read.get("floats")).containsExactly(1, 0.5f);
    assertThat(read.get("ints")).containsExactly(-7, 8);
    assertThat(read.get("flags")).containsExactly(1, 0);
    assertThat(read.get("wide")).containsExactly(3);
  }

  private void give(String name, String constant, List<Axis> axes) {
    graph.output(graph.node("Cast", List.of(constant), attribute("to", 1)), name, axes);
  }

  @Test
  void equalConstantsAreOneAndThoseOfAnotherTypeOrShapeAreNot() throws Exception {
    String one = graph.wholeNumbers(1);
    OnnxGraph branch = graph.branch();

    assertThat(graph.wholeNumbers(1)).isEqualTo(one);
    assertThat(branch.branch().wholeNumbers(1)).as("of a branch of a branch").isEqualTo(one);
    List<String> others = new ArrayList<>(List.of(one));
    for (String other :
        List.of(
            graph.wholeNumber(1),
            graph.number(1),
            graph.numbers(1),
            graph.doubles(1),
            branch.wholeNumbers(1, 1),
            graph.constant(FloatBuffer.wrap(new float[] {1}), 1, 1))) {
      assertThat(others).doesNotContain(other);
      others.add(other);
    }
    assertThat(parsed().getGraph().getInitializerList())
        .extracting(TensorProto::getName)
        .as("all are in the outermost graph")
        .containsExactlyElementsOf(others);
  }

  @Test
  void namesOfResultsAreNoNamesOfAnything() throws Exception {
    graph.input("/1", NumberType.FLOAT32, ROWS);
    String first = graph.node("Neg", List.of("/1"));
    String inBranch = graph.branch().node("Neg", List.of(first));
    List<String> two = graph.nodes("Split", List.of(first), 2, attribute("axis", 0));

    assertThat(List.of("/1", first, inBranch, two.get(0), two.get(1)))
        .doesNotHaveDuplicates()
        .allMatch(name -> name.startsWith("/"));
  }

  @Test
  void attributesHaveTheTypesThatOnnxStates() throws Exception {
    graph.input("x", NumberType.FLOAT32, List.of(Axis.ROWS, Axis.of(2)));
    String leaky = graph.node("LeakyRelu", List.of("x"), attribute("alpha", 0.5f));
    String turned = graph.node("Transpose", List.of(leaky), attribute("perm", new long[] {1, 0}));
    List<String> parts = graph.nodes("Split", List.of(turned), 2, attribute("axis", 0));
    graph.output(parts.get(0), "first", List.of(Axis.of(1), Axis.ROWS));
    graph.output(parts.get(1), "second", List.of(Axis.of(1), Axis.ROWS));

    Map<String, float[]> found =
        OnnxRun.of(graph.model(), Map.of("x", new float[][] {{-2, 1}, {4, -6}}));

    assertThat(found.get("first")).containsExactly(-1, 4);
    assertThat(found.get("second")).containsExactly(1, -3);
  }

  /** Doubles positive numbers of this graph in one branch, gives a constant in the other. */
  @Test
  void aBranchReadsValuesOfTheGraphsAroundIt() throws Exception {
    graph.input("x", NumberType.FLOAT32, ONE);
    String zero = graph.numbers(0);
    String condition = graph.node("Greater", List.of("x", zero));
    OnnxGraph then = graph.branch();
    String doubled = then.node("Mul", List.of("x", then.numbers(2)));
    OnnxGraph otherwise = graph.branch();
    String chosen =
        graph.node(
            "If",
            List.of(condition),
            then.asBranch("then_branch", doubled),
            otherwise.asBranch("else_branch", zero));
    graph.output(chosen, "y", ONE);

    OnnxModel model = graph.model();

    assertThat(OnnxRun.of(model, Map.of("x", new float[] {3})).get("y")).containsExactly(6);
    assertThat(OnnxRun.of(model, Map.of("x", new float[] {-3})).get("y")).containsExactly(0);
    NodeProto choice =
        parsed().getGraph().getNodeList().stream()
            .filter(node -> node.getOpType().equals("If"))
            .findFirst()
            .orElseThrow();
    assertThat(choice.getAttributeList())
        .allSatisfy(branch -> assertThat(branch.getG().getInitializerList()).isEmpty())
        .extracting(branch -> branch.getG().getName())
        .doesNotHaveDuplicates();
  }

  @Test
  void includedNodesKeepTheirAttributesAndConstants() throws Exception {
    OnnxGraph other = new OnnxGraph();
    other.input("a", NumberType.FLOAT32, ROWS);
    String sum = other.node("Add", List.of("a", other.numbers(5)));
    other.output(other.node("LeakyRelu", List.of(sum), attribute("alpha", 0.25f)), "b", ROWS);
    GraphProto included = other.model().graph();
    graph.input("x", NumberType.FLOAT32, ROWS);
    String five = graph.numbers(5);

    String once = graph.include(included, Map.of("a", "x")).get("b");
    String twice = graph.include(included, Map.of("a", once, "unread", five)).get("b");
    graph.output(twice, "y", ROWS);

    // -13 + 5 is -8, of which a quarter is -2, and 5 more 3; 1 + 5 + 5 is 11.
    assertThat(OnnxRun.of(graph.model(), Map.of("x", new float[] {-13, 1})).get("y"))
        .containsExactly(3, 11);
    assertThat(graph.model().graph().getInitializerList()).hasSize(1);
    assertThatThrownBy(() -> graph.include(included, Map.of("b", "x")))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("a");
  }

  @Test
  void aNameThatIsTakenIsRefusedAlsoInABranch() {
    graph.input("x", NumberType.FLOAT32, ROWS);
    graph.output("x", "y", ROWS);
    String result = graph.node("Neg", List.of("x"));

    for (String taken : List.of("x", "y", result)) {
      assertThatThrownBy(() -> graph.input(taken, NumberType.INT64, ROWS))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the name %s is taken", taken);
      assertThatThrownBy(() -> graph.branch().output(result, taken, ROWS))
          .hasMessage("the name %s is taken", taken);
    }
  }

  private ModelProto parsed() throws Exception {
    return ModelProto.parseFrom(graph.model().toBytes());
  }
}
