package org.llm4msr.runtime.data.rows;

import org.llm4msr.api.data.FieldKind;
import org.llm4msr.runtime.data.prepared.FieldKinds;
import org.llm4msr.runtime.data.prepared.PreparedField;

/**
 * A column that rows to be scored have or may have.
 *
 * @param name its name
 * @param kind {@code id}, {@code categorical}, {@code multi-categorical}, {@code numeric} or {@code
 *     vector}
 * @param required whether it must be there; if not, the value stored with the user or item takes
 *     its place
 */
public record ScoringColumn(String name, String kind, boolean required) {

  private static final String VECTOR = "vector";

  static ScoringColumn id(String name) {
    return new ScoringColumn(name, "id", true);
  }

  static ScoringColumn of(PreparedField field, boolean required) {
    return new ScoringColumn(field.name(), FieldKinds.name(field.kind()), required);
  }

  /** Returns the column of the items' own vectors. */
  static ScoringColumn itemVector() {
    return new ScoringColumn(ItemVectors.COLUMN, VECTOR, false);
  }

  /** Returns whether it holds lists of numbers. */
  public boolean isVector() {
    return kind.equals(VECTOR);
  }

  /** Returns whether it holds lists. */
  public boolean isList() {
    return kind.equals(FieldKinds.name(new FieldKind.MultiCategorical()));
  }

  /** Returns whether it holds numbers. */
  public boolean isNumber() {
    return kind.equals(FieldKinds.name(new FieldKind.Numeric()));
  }
}
