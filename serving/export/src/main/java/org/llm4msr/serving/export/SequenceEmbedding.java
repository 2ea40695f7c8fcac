package org.llm4msr.serving.export;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.llm4msr.runtime.assembly.sequences.SequenceField;
import org.llm4msr.runtime.assembly.sequences.SequencePlan;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.tables.TableSequence;
import org.llm4msr.serving.recording.Axis;
import org.llm4msr.serving.recording.GraphAssembly;
import org.llm4msr.serving.recording.NumberType;

/** Embeds sequences in a graph as {@link TableSequence} says. */
record SequenceEmbedding(GraphAssembly graph) {

  /** Smaller than any number of a table. */
  private static final float LEAST = -Float.MAX_VALUE;

  /** Returns the inputs of {@code full.onnx} that are sequences, in their order. */
  static List<GraphInput> inputs(List<SequenceField> sequences, List<PreparedField> fields) {
    Set<String> taken = new HashSet<>();
    FieldInputs.all(fields).forEach(input -> taken.add(input.name()));
    List<GraphInput> inputs = new ArrayList<>();
    for (SequenceField sequence : sequences) {
      String name = SequencePlan.PREFIX + sequence.name();
      while (!taken.add(name)) {
        name = SequencePlan.PREFIX + name;
      }
      String field = fields.get(sequence.table()).name();
      Integer source = sequence.source();
      inputs.add(
          new GraphInput(
              name,
              NumberType.INT64,
              List.of(Axis.ROWS, Axis.of(sequence.config().length())),
              source == null
                  ? "What the user did before each row, newest first: the ids of `%s` of the events,"
                          .formatted(field)
                      + " then -1."
                  : "The known ids of `%s` of each row, newest first, then -1."
                      .formatted(fields.get(source).name())));
    }
    return inputs;
  }

  /**
   * Adds a sequence.
   *
   * @param vectors its table
   * @param ids (B, L), -1 behind the last
   * @return its columns of the embedded rows
   */
  String add(TableSequence sequence, String vectors, String ids) {
    String mask =
        graph.node(
            "Where",
            graph.node("Less", ids, graph.wholeNumbers(0)),
            graph.numbers(0),
            graph.numbers(1));
    String places = graph.node("Unsqueeze", mask, graph.wholeNumbers(2));
    String known = graph.node("Max", ids, graph.wholeNumbers(0));
    String each = graph.node("Mul", graph.node("Gather", vectors, known), places);
    return switch (sequence.form()) {
      case MEAN -> {
        String count = graph.node("ReduceSum", mask, graph.wholeNumbers(1));
        yield graph.node("Div", sum(each), graph.node("Max", count, graph.numbers(1)));
      }
      case SUM -> sum(each);
      case EACH -> graph.concat(List.of(flat(each, sequence), mask), 1);
      case EACH_AND_LARGEST ->
          graph.concat(
              List.of(flat(each, sequence), mask, flat(largest(each, places), sequence)), 1);
    };
  }

  private String sum(String each) {
    String places = graph.wholeNumbers(1);
    return graph.node("Squeeze", graph.node("ReduceSum", each, places), places);
  }

  private String flat(String each, TableSequence sequence) {
    long columns = (long) sequence.length() * sequence.table().dimension();
    return graph.node("Reshape", each, graph.wholeNumbers(0, columns));
  }

  /** Marks the first of the largest elements of each column that are not behind the last. */
  private String largest(String each, String places) {
    String inside = graph.node("Less", graph.numbers(0), places);
    String candidates = graph.node("Where", inside, each, graph.numbers(LEAST));
    String equal = graph.node("Equal", candidates, graph.largest(candidates, 1));
    String marks = graph.node("Mul", graph.cast(equal, NumberType.FLOAT32), places);
    String first =
        graph.node("Equal", graph.node("CumSum", marks, graph.wholeNumber(1)), graph.numbers(1));
    return graph.node("Mul", marks, graph.cast(first, NumberType.FLOAT32));
  }
}
