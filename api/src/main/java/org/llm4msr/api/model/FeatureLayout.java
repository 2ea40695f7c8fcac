package org.llm4msr.api.model;

import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.Stability;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;

/**
 * Where each field lies in the flat input (B, W).
 *
 * @param fields F fields in order, without gaps
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record FeatureLayout(List<Field> fields) {

  public FeatureLayout {
    fields = List.copyOf(fields);
  }

  /** Returns W. */
  public int width() {
    return fields.isEmpty()
        ? 0
        : fields.get(fields.size() - 1).offset() + fields.get(fields.size() - 1).width();
  }

  /** Returns whether all fields have one width, so that {@link Features#fields()} exists. */
  public boolean uniform() {
    return fields.stream().mapToInt(Field::width).distinct().count() == 1;
  }

  /** Returns this layout with one more field at the end. */
  public FeatureLayout with(String name, FieldRole role, int width) {
    List<Field> all = new ArrayList<>(fields);
    all.add(new Field(name, role, new FieldKind.Numeric(), width(), width));
    return new FeatureLayout(all);
  }
}
