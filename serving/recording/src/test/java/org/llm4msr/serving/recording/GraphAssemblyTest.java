package org.llm4msr.serving.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Graphs that are put together from others, as ONNX Runtime computes them. */
class GraphAssemblyTest {

  private static final List<Axis> ROWS = List.of(Axis.ROWS);
  private static final List<Axis> PAIRS = List.of(Axis.ROWS, Axis.of(2));
  private static final int LARGE = 50_000;

  /** Returns the graph of {@code sum = sum(x * table)}, row by row. */
  private static OnnxModel weighted(float... table) {
    GraphAssembly graph = new GraphAssembly();
    String x = graph.input("x", NumberType.FLOAT32, List.of(Axis.ROWS, Axis.of(table.length)));
    String product = graph.node("Mul", x, graph.table(FloatBuffer.wrap(table), 1, table.length));
    String sum = graph.node("ReduceSum", product, graph.wholeNumbers(1));
    graph.output(graph.node("Squeeze", sum, graph.wholeNumbers(1)), "sum", ROWS);
    return graph.model();
  }

  private static float[] run(OnnxModel graph, Map<String, Object> inputs) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> tensors = new HashMap<>();
    try (OrtSession session = environment.createSession(graph.toBytes())) {
      for (Map.Entry<String, Object> input : inputs.entrySet()) {
        tensors.put(input.getKey(), OnnxTensor.createTensor(environment, input.getValue()));
      }
      try (OrtSession.Result result = session.run(tensors)) {
        return (float[]) result.get(0).getValue();
      }
    }
  }

  @Test
  void includesAGraphTwiceWithItsNamesKeptApart() throws Exception {
    OnnxModel weighted = weighted(1, 10);
    GraphAssembly graph = new GraphAssembly();
    String x = graph.input("v1", NumberType.FLOAT32, PAIRS); // As names of results are.
    String doubled = graph.node("Add", x, x);
    String once = graph.include(weighted, Map.of("x", x, "unread", doubled)).get("sum");
    String twice = graph.include(weighted, Map.of("x", doubled)).get("sum");
    graph.output(graph.node("Add", once, twice), "result", ROWS);

    assertThat(run(graph.model(), Map.of("v1", new float[][] {{1, 2}, {3, 4}})))
        .containsExactly(63, 129);
  }

  @Test
  void storesEqualConstantsOnceWhateverBranchReadsThem() {
    float[] table = new float[LARGE];
    OnnxModel weighted = weighted(table);
    GraphAssembly graph = new GraphAssembly();
    String x = graph.input("x", NumberType.FLOAT32, List.of(Axis.ROWS, Axis.of(LARGE)));
    String condition = graph.node("Less", graph.wholeNumbers(1), graph.wholeNumbers(2));
    GraphAssembly.Branch branch = inner -> inner.include(weighted, Map.of("x", x)).get("sum");
    String chosen =
        graph.choose(condition, branch, inner -> inner.choose(condition, branch, branch));
    graph.output(graph.node("Add", chosen, branch.fill(graph)), "result", ROWS);

    assertThat(weighted.bytes()).isGreaterThan(LARGE * Float.BYTES);
    assertThat(graph.model().bytes()).isLessThan(weighted.bytes() + 2_000);
  }

  @Test
  void computesTheChosenBranchAlone() throws Exception {
    GraphAssembly graph = new GraphAssembly();
    String number = graph.input("number", NumberType.INT64, List.of(Axis.of(1)));
    String x = graph.input("x", NumberType.FLOAT32, PAIRS);
    String chosen =
        graph.choose(
            graph.node("Less", number, graph.wholeNumbers(0)),
            branch -> branch.node("Reshape", x, branch.wholeNumbers(7)), // Impossible.
            branch -> branch.include(weighted(1, 1), Map.of("x", x)).get("sum"));
    graph.output(chosen, "result", ROWS);
    Map<String, Object> inputs = new HashMap<>();
    inputs.put("x", new float[][] {{1, 2}});
    inputs.put("number", new long[] {3});

    assertThat(run(graph.model(), inputs)).containsExactly(3);

    inputs.put("number", new long[] {-3});
    assertThatThrownBy(() -> run(graph.model(), inputs)).isInstanceOf(OrtException.class);
  }

  @Test
  void aBranchMayGiveAValueOfTheGraphAroundIt() throws Exception {
    GraphAssembly graph = new GraphAssembly();
    String number = graph.input("number", NumberType.INT64, List.of(Axis.of(1)));
    String x = graph.input("x", NumberType.FLOAT64, ROWS);
    String single = graph.cast(x, NumberType.FLOAT32);
    String chosen =
        graph.choose(
            graph.node("Less", number, graph.wholeNumbers(0)),
            branch -> single,
            branch -> branch.node("Neg", single));
    graph.output(chosen, "result", ROWS);
    OnnxModel model = graph.model();

    for (long sign : new long[] {-1, 1}) {
      assertThat(run(model, Map.of("number", new long[] {sign}, "x", new double[] {2, 4})))
          .containsExactly(-2 * sign, -4 * sign);
    }
  }

  @Test
  void refusesANameThatIsTaken() {
    GraphAssembly graph = new GraphAssembly();
    graph.input("x", NumberType.FLOAT32, ROWS);

    assertThatThrownBy(() -> graph.input("x", NumberType.INT64, ROWS))
        .hasMessage("the name x is taken");
    assertThatThrownBy(() -> graph.output("x", "x", ROWS)).hasMessage("the name x is taken");
  }

  @Test
  void tellsTheShapeOfAnOutput() {
    GraphAssembly graph = new GraphAssembly();
    String x = graph.input("x", NumberType.FLOAT32, PAIRS);
    graph.output(x, "result", PAIRS);

    assertThat(graph.model().shape("result")).containsExactly(0, 2);
  }
}
