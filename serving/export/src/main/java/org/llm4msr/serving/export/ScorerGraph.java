package org.llm4msr.serving.export;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.llm4msr.runtime.assembly.InputWidths;
import org.llm4msr.serving.compiler.ModelPass;
import org.llm4msr.serving.recording.Axis;
import org.llm4msr.serving.recording.GraphAssembly;
import org.llm4msr.serving.recording.NumberType;
import org.llm4msr.serving.recording.OnnxModel;
import org.llm4msr.serving.recording.RequestGraphs;

/** The graph that reads embedded rows, and vectors of users and items. */
final class ScorerGraph {

  static final String FILE = "scorer.onnx";

  private ScorerGraph() {}

  /** Returns its inputs. */
  static List<GraphInput> inputs(InputWidths widths) {
    List<GraphInput> inputs = new ArrayList<>();
    inputs.add(GraphInput.SCENARIO);
    inputs.add(
        numbers(
            ModelPass.ROWS,
            Axis.ROWS,
            widths.flat(),
            "The embedded fields, in the order of `fields`, `width` numbers each; then, where"
                + " `linear` is true, the first-order weight of each; then each of `sequences`: the"
                + " mean or sum of its vectors, or `length` vectors, zeros behind the last, and for"
                + " each 1, or 0 behind the last, and with the pooling max 1 where the first largest"
                + " of each column is; then, for a model with `model.coldItems`, the share of the"
                + " item's vector."));
    inputs.add(
        numbers(
            RequestGraphs.USER,
            Axis.of(1),
            widths.users(),
            "The knowledge of the user of all rows as the model reads it: standardised, or what"
                + " stands for it where there is none."));
    inputs.add(
        numbers(
            ModelPass.ITEMS,
            Axis.ROWS,
            widths.items(),
            "The knowledge of each row's item as the model reads it: standardised, or what stands"
                + " for it where there is none."));
    inputs.add(GraphInput.history(widths.history()));
    inputs.removeIf(input -> input.axes().contains(Axis.of(0)));
    return inputs;
  }

  private static GraphInput numbers(String name, Axis first, int columns, String meaning) {
    return new GraphInput(name, NumberType.FLOAT32, List.of(first, Axis.of(columns)), meaning);
  }

  static OnnxModel of(InputWidths widths, ScenarioChoice scenarios) {
    GraphAssembly graph = new GraphAssembly();
    Map<String, String> given = new HashMap<>();
    inputs(widths).forEach(input -> given.put(input.name(), input.addTo(graph)));
    scenarios.addTo(
        graph,
        GraphInput.SCENARIO.name(),
        given,
        (branch, source) ->
            requireNonNull(
                branch.include(source, given).get(RequestGraphs.SOURCE), RequestGraphs.SOURCE));
    return graph.model();
  }
}
