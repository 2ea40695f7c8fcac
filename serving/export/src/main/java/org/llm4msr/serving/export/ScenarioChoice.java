package org.llm4msr.serving.export;

import static java.util.Objects.requireNonNull;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.llm4msr.runtime.assembly.labels.ModelLabel;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.serving.recording.Axis;
import org.llm4msr.serving.recording.GraphAssembly;
import org.llm4msr.serving.recording.OnnxModel;
import org.llm4msr.serving.recording.RequestGraphs;

/**
 * Computes probabilities with the graph of the rows' scenario, and no other.
 *
 * @param scenarios their graphs, by rank
 * @param labels further labels of the model, each of which is an output too
 */
record ScenarioChoice(List<RequestGraphs> scenarios, Calibration calibration, ModelLabels labels) {

  /** Adds what makes the numbers that are stored of the user, in the shape of a graph's output. */
  @FunctionalInterface
  interface UserNumbers {
    String add(GraphAssembly branch, OnnxModel source);
  }

  /**
   * Adds the graphs and the outputs.
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
    String chosen = logits(graph, rank, rows, user);
    if (labels.names().isEmpty()) {
      output(graph, rank, chosen, calibration, GraphInput.OUTPUT);
      return;
    }
    String main = graph.column(chosen, 0);
    output(graph, rank, main, calibration, GraphInput.OUTPUT);
    String[] logits = labelLogits(graph, main, chosen);
    for (int label = 0; label < logits.length; label++) {
      String name = labels.names().get(label);
      output(graph, rank, logits[label], calibration.of(name), GraphInput.output(name));
    }
  }

  /** As {@link ModelLabels#logits}, of the columns after the first, which is the main label's. */
  private String[] labelLogits(GraphAssembly graph, String main, String all) {
    String[] logits = new String[labels.labels().size()];
    for (int label : labels.order()) {
      String tower = graph.column(all, 1 + label);
      int after = labels.labels().get(label).after();
      if (after == ModelLabel.ALONE) {
        logits[label] = tower;
      } else {
        String before = after == ModelLabel.AFTER_MAIN ? main : logits[after];
        String open = graph.node("Sub", graph.node("Softplus", before), tower);
        logits[label] = graph.node("Sub", before, graph.node("Softplus", open));
      }
    }
    return logits;
  }

  private void output(
      GraphAssembly graph, String rank, String logits, Calibration calibration, String name) {
    String probabilities = graph.node("Sigmoid", calibrated(graph, rank, logits, calibration));
    graph.output(probabilities, name, List.of(Axis.ROWS));
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

  /** Returns the logits, (B), or with the towers of L further labels, (B, 1 + L). */
  private String logits(
      GraphAssembly graph, RequestGraphs scenario, Map<String, String> rows, UserNumbers user) {
    Map<String, String> inputs = new HashMap<>(rows);
    OnnxModel source = scenario.source();
    OnnxModel expand = scenario.expand();
    if (source != null && expand != null) {
      inputs.putAll(graph.include(expand, Map.of(RequestGraphs.SOURCE, user.add(graph, source))));
    }
    Map<String, String> results = graph.include(scenario.scorer(), inputs);
    String main = requireNonNull(results.get(RequestGraphs.LOGITS), RequestGraphs.LOGITS);
    String towers = results.get(RequestGraphs.LABELS);
    if (towers == null) {
      return main;
    }
    String column = graph.node("Reshape", main, graph.wholeNumbers(-1, 1));
    return graph.concat(List.of(column, towers), 1);
  }

  private String calibrated(
      GraphAssembly graph, String rank, String logits, Calibration calibration) {
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
