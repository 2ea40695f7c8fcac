package org.llm4msr.api.data;

import java.util.List;
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

  /**
   * A number that becomes one value: the range in which it is. A bound belongs to the range below
   * it.
   *
   * @param count how many ranges of about equal numbers of training rows; 0 if bounds are given
   * @param bounds given ones, rising
   */
  record Bucketed(int count, List<Double> bounds) implements FieldKind {
    public Bucketed {
      bounds = List.copyOf(bounds);
    }
  }

  /**
   * A value, or a list of values, whose text is hashed: there is no vocabulary, and different
   * values may share a D-vector.
   *
   * @param buckets how many ids there are beside that of missing values, from 2
   * @param list whether rows have lists, whose D-vectors are averaged
   */
  record Hashed(int buckets, boolean list) implements FieldKind {}

  /**
   * What a row has in two or more other fields, as one value; missing if all of it is missing or
   * unknown. It has no column.
   *
   * @param parts names of fields of one value each that come before
   * @param buckets how many hashes there are; 0 for a vocabulary
   */
  record Crossed(List<String> parts, int buckets) implements FieldKind {
    public Crossed {
      parts = List.copyOf(parts);
    }
  }
}
