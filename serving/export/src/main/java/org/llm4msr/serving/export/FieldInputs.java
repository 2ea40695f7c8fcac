package org.llm4msr.serving.export;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.tables.FieldForm;
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

  private FieldInputs() {}

  /**
   * Returns the inputs in the order of the fields: named as the field, with a prefix where that
   * name is taken.
   */
  static List<GraphInput> of(List<PreparedField> fields) {
    Set<String> taken = new HashSet<>(OTHERS);
    List<GraphInput> inputs = new ArrayList<>();
    for (PreparedField field : fields) {
      String name = field.name();
      while (!taken.add(name)) {
        name = PREFIX + name;
      }
      inputs.add(input(field, name));
    }
    return inputs;
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
