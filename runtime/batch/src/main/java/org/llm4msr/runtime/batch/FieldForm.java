package org.llm4msr.runtime.batch;

import org.llm4msr.api.data.FieldKind;

/** What a row holds of a field once it is encoded. */
public enum FieldForm {
  /** One id. */
  ID,
  /** A list of ids. */
  IDS,
  /** A number. */
  NUMBER,
  /** A vector of numbers. */
  VECTOR;

  /** Returns the form of a kind. */
  public static FieldForm of(FieldKind kind) {
    if (kind instanceof FieldKind.MultiCategorical) {
      return IDS;
    }
    if (kind instanceof FieldKind.Hashed hashed) {
      return hashed.list() ? IDS : ID;
    }
    if (kind instanceof FieldKind.Numeric) {
      return NUMBER;
    }
    return kind instanceof FieldKind.Vector ? VECTOR : ID;
  }
}
