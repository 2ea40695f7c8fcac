package org.llm4msr.serving.export;

import java.util.List;
import org.llm4msr.serving.recording.Axis;
import org.llm4msr.serving.recording.GraphAssembly;
import org.llm4msr.serving.recording.NumberType;

/**
 * An input of an exported graph.
 *
 * @param name by which a caller gives it
 * @param meaning for people
 */
record GraphInput(String name, NumberType type, List<Axis> axes, String meaning) {

  /** What a graph gives: probabilities of the rows. */
  static final String OUTPUT = "probability";

  /** Returns the name of the output of a further label. */
  static String output(String label) {
    return OUTPUT + "_" + label;
  }

  static final GraphInput SCENARIO =
      new GraphInput(
          "scenario",
          NumberType.INT64,
          List.of(Axis.of(1)),
          "The scenario of all rows: its number in `scenarios`.");

  GraphInput {
    axes = List.copyOf(axes);
  }

  static GraphInput history(int numbers) {
    return new GraphInput(
        "history",
        NumberType.FLOAT32,
        List.of(Axis.ROWS, Axis.of(numbers)),
        "How alike the row's item is to what its user met before: the numbers that the scorer"
            + " computes from its events, as `knowledge.history` sets them.");
  }

  /** Adds it to a graph and returns its name. */
  String addTo(GraphAssembly graph) {
    return graph.input(name, type, axes);
  }
}
