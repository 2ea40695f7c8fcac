package org.llm4msr.serving.export;

import static java.util.Objects.requireNonNull;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.serving.recording.Axis;
import org.llm4msr.serving.recording.GraphAssembly;
import org.llm4msr.serving.recording.OnnxModel;
import org.llm4msr.serving.recording.RequestGraphs;

/**
 * Computes probabilities with the graph of the rows' scenario, and no other.
 *
 * @param scenarios their graphs, by rank
 */
record ScenarioChoice(List<RequestGraphs> scenarios, Calibration calibration) {

  /** Adds what makes the numbers that are stored of the user, in the shape of a graph's output. */
  @FunctionalInterface
  interface UserNumbers {
    String add(GraphAssembly branch, OnnxModel source);
  }

  /**
   * Adds the graphs and the output.
   *
   * @param scenario value with the rank, (1)
   * @param rows values by the inputs of the graphs that are of rows
   */
  void addTo(GraphAssembly graph, String scenario, Map<String, String> rows, UserNumbers user) {
    // Fails for a scenario that there is none of. ONNX counts from the end below 0.
    String known =
        graph.node(
            "Where",
            graph.node("Less", scenario, graph.wholeNumbers(0)),
            graph.wholeNumbers(scenarios.size()),
            scenario);
    String rank =
        graph.node(
            "Gather", graph.wholeNumbers(LongStream.range(0, scenarios.size()).toArray()), known);
    String logits = logits(graph, rank, rows, user);
    String probabilities = graph.node("Sigmoid", calibrated(graph, rank, logits));
    graph.output(probabilities, GraphInput.OUTPUT, List.of(Axis.ROWS));
  }

  /** Chooses in two levels: one of many scenarios takes long to run, and many levels to load. */
  private String logits(
      GraphAssembly graph, String rank, Map<String, String> rows, UserNumbers user) {
    if (scenarios.stream().distinct().count() == 1) {
      return logits(graph, scenarios.get(0), rows, user);
    }
    int count = scenarios.size();
    int size = (int) Math.ceil(Math.sqrt(count));
    String group = graph.node("Div", rank, graph.wholeNumbers(size));
    return choose(
        graph,
        group,
        0,
        (count + size - 1) / size,
        (outer, g) ->
            choose(
                outer,
                rank,
                g * size,
                Math.min(count, (g + 1) * size),
                (inner, s) -> logits(inner, scenarios.get(s), rows, user)));
  }

  private interface Case {
    String add(GraphAssembly branch, int number);
  }

  /** Adds a choice of some cases, of which one has the number that a value has. */
  private static String choose(GraphAssembly graph, String value, int from, int to, Case one) {
    if (to - from == 1) {
      return one.add(graph, from);
    }
    String chosen = graph.numbers(0); // Nobody reads it.
    for (int n = from; n < to; n++) {
      int number = n;
      String before = chosen;
      chosen =
          graph.choose(
              graph.node("Equal", value, graph.wholeNumbers(number)),
              branch -> one.add(branch, number),
              branch -> before);
    }
    return chosen;
  }

  private static String logits(
      GraphAssembly graph, RequestGraphs scenario, Map<String, String> rows, UserNumbers user) {
    Map<String, String> inputs = new HashMap<>(rows);
    OnnxModel source = scenario.source();
    OnnxModel expand = scenario.expand();
    if (source != null && expand != null) {
      inputs.putAll(graph.include(expand, Map.of(RequestGraphs.SOURCE, user.add(graph, source))));
    }
    return requireNonNull(
        graph.include(scenario.scorer(), inputs).get(RequestGraphs.LOGITS), RequestGraphs.LOGITS);
  }

  private String calibrated(GraphAssembly graph, String rank, String logits) {
    if (calibration.changesNothing()) {
      return logits;
    }
    float[] slopes = new float[scenarios.size()];
    float[] offsets = new float[slopes.length];
    for (int s = 0; s < slopes.length; s++) {
      slopes[s] = (float) calibration.scenarios().get(s).slope();
      offsets[s] = (float) calibration.scenarios().get(s).offset();
    }
    String slope = graph.node("Gather", graph.numbers(slopes), rank);
    String offset = graph.node("Gather", graph.numbers(offsets), rank);
    return graph.node("Add", graph.node("Mul", logits, slope), offset);
  }
}
