package org.llm4msr.api.model;

import static java.util.Objects.requireNonNull;

import org.llm4msr.api.Stability;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;

/**
 * One field of the flat input: columns {@code offset} to {@code offset + width} of (B, W).
 *
 * @param name the name of the field
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record Field(String name, FieldRole role, FieldKind kind, int offset, int width) {

  public Field {
    requireNonNull(name, "name is null");
    requireNonNull(role, "role is null");
    requireNonNull(kind, "kind is null");
  }
}
