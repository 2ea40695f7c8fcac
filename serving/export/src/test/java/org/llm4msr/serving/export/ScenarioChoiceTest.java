package org.llm4msr.serving.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.serving.recording.Axis;
import org.llm4msr.serving.recording.GraphAssembly;
import org.llm4msr.serving.recording.NumberType;
import org.llm4msr.serving.recording.OnnxModel;
import org.llm4msr.serving.recording.RequestGraphs;

/** Which scenario's graph computes, and with which calibration. */
class ScenarioChoiceTest {

  private static final List<Axis> ROWS = List.of(Axis.ROWS);

  /** Returns the graphs of {@code logits = rows * factor}. */
  private static RequestGraphs scenario(float factor) {
    GraphAssembly graph = new GraphAssembly();
    String rows = graph.input("rows", NumberType.FLOAT32, ROWS);
    graph.output(graph.node("Mul", rows, graph.numbers(factor)), RequestGraphs.LOGITS, ROWS);
    return new RequestGraphs(graph.model(), null, null);
  }

  private static OnnxModel graph(List<RequestGraphs> scenarios, Calibration calibration) {
    GraphAssembly graph = new GraphAssembly();
    GraphInput.SCENARIO.addTo(graph);
    String rows = graph.input("rows", NumberType.FLOAT32, ROWS);
    new ScenarioChoice(scenarios, calibration, ModelLabels.NONE)
        .addTo(graph, "scenario", Map.of("rows", rows), (branch, source) -> "unused");
    return graph.model();
  }

  private static float[] run(OnnxModel graph, long scenario) throws OrtException {
    return (float[])
        Onnx.run(
            graph, Map.of("scenario", new long[] {scenario}, "rows", new float[] {-0.02f, 0.01f}));
  }

  private static float sigmoid(double score) {
    return (float) (1 / (1 + Math.exp(-score)));
  }

  @Test
  void eachOfManyScenariosHasItsOwnGraph() throws Exception {
    List<RequestGraphs> scenarios = new ArrayList<>();
    for (int s = 0; s < 300; s++) {
      scenarios.add(scenario(s));
    }
    OnnxModel graph = graph(scenarios, Calibration.NONE);

    for (int s : new int[] {0, 1, 149, 150, 151, 298, 299}) {
      assertThat(run(graph, s))
          .containsExactly(new float[] {sigmoid(-0.02 * s), sigmoid(0.01 * s)}, within(1e-6f));
    }
  }

  @Test
  void eachScenarioHasItsOwnCalibration() throws Exception {
    Calibration calibration =
        new Calibration(
            List.of(new Calibration.Line("a", 2, 0.5, 10), new Calibration.Line("b", 0.5, -1, 10)));
    OnnxModel graph = graph(List.of(scenario(100), scenario(100)), calibration);

    assertThat(run(graph, 0))
        .containsExactly(new float[] {sigmoid(-3.5), sigmoid(2.5)}, within(1e-6f));
    assertThat(run(graph, 1))
        .containsExactly(new float[] {sigmoid(-2), sigmoid(-0.5)}, within(1e-6f));
  }

  @Test
  void scenariosWithOneGraphNeedNoChoice() {
    OnnxModel one = graph(List.of(scenario(2)), Calibration.NONE);
    OnnxModel two = graph(List.of(scenario(2), scenario(2)), Calibration.NONE);

    assertThat(two.bytes()).isLessThan(one.bytes() + 40);
  }

  @Test
  void refusesAScenarioThatThereIsNot() {
    OnnxModel graph = graph(List.of(scenario(1), scenario(2)), Calibration.NONE);

    assertThatThrownBy(() -> run(graph, 2)).hasMessageContaining("out of data bounds");
    assertThatThrownBy(() -> run(graph, -1)).hasMessageContaining("out of data bounds");
  }
}
