package org.llm4msr.serving.export;

import java.nio.FloatBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.FieldForm;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.data.prepared.VectorMoments;
import org.llm4msr.runtime.tables.EmbeddingGather;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.serving.recording.GraphAssembly;
import org.llm4msr.serving.recording.NumberType;

/**
 * Embeds fields in a graph as {@link EmbeddingGather} does, numbers from what they are in the data.
 *
 * @param ids of the model's data
 */
record FieldEmbedding(GraphAssembly graph, PreparedIds ids) {

  /**
   * Adds a field.
   *
   * @param vectors its {@link #table}
   * @param inputs values with its ids or numbers, and with their weights
   * @return its columns of the embedded rows, (B, D)
   */
  String add(PreparedField field, String vectors, FieldInputs.Pair inputs) {
    String input = inputs.values().name();
    FieldForm form = FieldForm.of(field.kind());
    if (form == FieldForm.ID) {
      return graph.node("Gather", vectors, known(input));
    }
    if (form == FieldForm.IDS) {
      return mean(vectors, input, inputs.weights() == null ? null : inputs.weights().name());
    }
    if (form == FieldForm.VECTOR) {
      return graph.node("MatMul", standardised(input, ids.moments(field).orElseThrow()), vectors);
    }
    VectorMoments moments = new VectorMoments(List.of(field.mean()), List.of(field.deviation()));
    String column = graph.node("Unsqueeze", input, graph.wholeNumbers(1));
    return graph.node("Mul", standardised(column, moments), vectors);
  }

  /** Adds a table, which several fields may read. */
  String table(EmbeddingTable table) {
    float[] values = new float[Math.multiplyExact(table.rows(), table.dimension())];
    table.read(0, 0, table.rows(), values);
    return graph.table(FloatBuffer.wrap(values), table.rows(), table.dimension());
  }

  /** Takes what is below 0 as unknown; ONNX would count it from the end. */
  private String known(String ids) {
    return graph.node("Max", ids, graph.wholeNumbers(0));
  }

  /** Averages the vectors of ids that are not below 0; zeros where there are none. */
  private String mean(String vectors, String ids, @Nullable String weights) {
    String second = graph.wholeNumbers(1);
    String counted =
        graph.node(
            "Where",
            graph.node("Less", ids, graph.wholeNumbers(0)),
            graph.numbers(0),
            weights == null ? graph.numbers(1) : weights);
    String sum = graph.node("ReduceSum", counted, second);
    String count =
        weights == null
            ? graph.node("Max", sum, graph.numbers(1))
            : graph.node("Where", graph.node("Less", graph.numbers(0), sum), sum, graph.numbers(1));
    String found = graph.node("Gather", vectors, known(ids));
    String weighted =
        graph.node("Mul", found, graph.node("Unsqueeze", counted, graph.wholeNumbers(2)));
    String all = graph.node("Squeeze", graph.node("ReduceSum", weighted, second), second);
    return graph.node("Div", all, count);
  }

  /** Standardises numbers of float64, (B, n), as {@link PreparedField#standardize} does. */
  private String standardised(String numbers, VectorMoments moments) {
    double[] means = moments.mean().stream().mapToDouble(mean -> mean).toArray();
    double[] deviations =
        moments.deviation().stream()
            .mapToDouble(deviation -> deviation == 0 ? Double.POSITIVE_INFINITY : deviation)
            .toArray();
    String finite =
        graph.node("Less", graph.node("Abs", numbers), graph.doubles(Double.POSITIVE_INFINITY));
    String scaled =
        graph.node(
            "Div", graph.node("Sub", numbers, graph.doubles(means)), graph.doubles(deviations));
    String bounded =
        graph.node(
            "Min",
            graph.node("Max", scaled, graph.doubles(-PreparedField.LARGEST)),
            graph.doubles(PreparedField.LARGEST));
    return graph.cast(graph.node("Where", finite, bounded, graph.doubles(0)), NumberType.FLOAT32);
  }
}
