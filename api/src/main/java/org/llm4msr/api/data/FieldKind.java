package org.llm4msr.api.data;

import org.llm4msr.api.Stability;

/** How the values of a field become numbers. A closed set, to which later versions may add. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public sealed interface FieldKind {

  /** One value, looked up in a table of D-vectors. Values are compared as text. */
  record Categorical() implements FieldKind {}

  /** A list of values (Arrow list), whose D-vectors are averaged. */
  record MultiCategorical() implements FieldKind {}

  /** A number, standardised on the training part, times a learned D-vector. */
  record Numeric() implements FieldKind {}

  /**
   * A list of {@code size} numbers, such as another model's embedding. Each is standardised on the
   * training part and multiplied by a learned D-vector of its own; the products are added up.
   */
  record Vector(int size) implements FieldKind {}
}
