package org.llm4msr.api.data;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;

/**
 * One feature of a data set.
 *
 * @param name the name of the field, unique in the schema
 * @param table the table that holds it
 * @param column its column there
 * @param vocabulary the vocabulary and table of vectors that all fields of this name share, such as
 *     the name of another field; null for one of the field's own. Only for values, one or a list
 * @param weights a column of the same table with as many numbers of at least 0 as a list has
 *     elements, by which their vectors are averaged; null to count them alike. Where a list or an
 *     element has none, it is 1. Only for lists
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record RawField(
    String name,
    RawTable table,
    String column,
    FieldRole role,
    FieldKind kind,
    @Nullable String vocabulary,
    @Nullable String weights) {

  /** Makes a field with a vocabulary of its own. */
  public RawField(String name, RawTable table, String column, FieldRole role, FieldKind kind) {
    this(name, table, column, role, kind, null);
  }

  /** Makes a field without weights. */
  public RawField(
      String name,
      RawTable table,
      String column,
      FieldRole role,
      FieldKind kind,
      @Nullable String vocabulary) {
    this(name, table, column, role, kind, vocabulary, null);
  }

  public RawField {
    requireNonNull(name, "name is null");
    requireNonNull(table, "table is null");
    requireNonNull(column, "column is null");
    requireNonNull(role, "role is null");
    requireNonNull(kind, "kind is null");
    vocabulary = name.equals(vocabulary) ? null : vocabulary;
  }
}
