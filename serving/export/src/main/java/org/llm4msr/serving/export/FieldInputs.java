package org.llm4msr.serving.export;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.runtime.batch.FieldForm;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.SplitColumns;
import org.llm4msr.serving.recording.Axis;
import org.llm4msr.serving.recording.NumberType;

/** The inputs of {@code full.onnx} that are fields of rows. */
final class FieldInputs {

  private static final Set<String> OTHERS =
      Set.of(
          GraphInput.SCENARIO.name(),
          FullGraph.USER,
          FullGraph.ITEM,
          GraphInput.history(0).name(),
          GraphInput.OUTPUT);

  private static final String PREFIX = "field.";

  /**
   * The inputs of a field.
   *
   * @param values its ids or numbers
   * @param weights of its ids; null without
   */
  record Pair(GraphInput values, @Nullable GraphInput weights) {

    private Stream<GraphInput> all() {
      return weights == null ? Stream.of(values) : Stream.of(values, weights);
    }
  }

  private FieldInputs() {}

  /** Returns all inputs in the order of the fields. */
  static List<GraphInput> all(List<PreparedField> fields) {
    return of(fields).stream().flatMap(Pair::all).toList();
  }

  /**
   * Returns the inputs by field: named as the field, with a prefix where that name is taken.
   *
   * @return those of each field, in their order
   */
  static List<Pair> of(List<PreparedField> fields) {
    Set<String> taken = new HashSet<>(OTHERS);
    List<Pair> inputs = new ArrayList<>();
    for (PreparedField field : fields) {
      GraphInput values = input(field, free(field.name(), taken));
      GraphInput weights = null;
      if (field.weighted()) {
        String name = free(SplitColumns.weightsOf(field.name()), taken);
        weights = weights(field, values, name);
      }
      inputs.add(new Pair(values, weights));
    }
    return inputs;
  }

  private static String free(String wanted, Set<String> taken) {
    String name = wanted;
    while (name.startsWith(GraphInput.output("")) || !taken.add(name)) {
      name = PREFIX + name;
    }
    return name;
  }

  private static GraphInput weights(PreparedField field, GraphInput values, String name) {
    return new GraphInput(
        name,
        NumberType.FLOAT32,
        values.axes(),
        "`%s` of each row: the weights of its ids, above 0, then 0.".formatted(field.name()));
  }

  private static GraphInput input(PreparedField field, String name) {
    FieldKind kind = field.kind();
    String of = "`%s` of each row: ".formatted(field.name());
    if (FieldForm.of(kind) == FieldForm.ID) {
      return new GraphInput(
          name, NumberType.INT64, List.of(Axis.ROWS), of + "the id of its value.");
    }
    if (FieldForm.of(kind) == FieldForm.IDS) {
      return new GraphInput(
          name,
          NumberType.INT64,
          List.of(Axis.ROWS, Axis.free(name + " ids")),
          of + "the ids of its values, then -1.");
    }
    if (kind instanceof FieldKind.Vector vector) {
      return new GraphInput(
          name,
          NumberType.FLOAT64,
          List.of(Axis.ROWS, Axis.of(vector.size())),
          of + "its numbers as in the data, NaN where one is missing.");
    }
    return new GraphInput(
        name,
        NumberType.FLOAT64,
        List.of(Axis.ROWS),
        of + "its number as in the data, NaN where it is missing.");
  }
}
