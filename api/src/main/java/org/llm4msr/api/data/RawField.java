package org.llm4msr.api.data;

import static java.util.Objects.requireNonNull;

import org.llm4msr.api.Stability;

/**
 * One feature of a data set.
 *
 * @param name the name of the field, unique in the schema
 * @param table the table that holds it
 * @param column its column there
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record RawField(String name, RawTable table, String column, FieldRole role, FieldKind kind) {

  public RawField {
    requireNonNull(name, "name is null");
    requireNonNull(table, "table is null");
    requireNonNull(column, "column is null");
    requireNonNull(role, "role is null");
    requireNonNull(kind, "kind is null");
  }
}
