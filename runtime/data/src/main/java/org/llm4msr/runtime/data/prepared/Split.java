package org.llm4msr.runtime.data.prepared;

import java.util.List;
import java.util.Locale;

/** A part of the prepared data. */
public enum Split {
  /** Rows that train. */
  TRAIN,
  /** Rows on which settings and the best state are chosen. */
  VALIDATION,
  /** Rows that are read once, at the end. */
  TEST;

  /** Returns the name in files: {@code train}, {@code validation}, {@code test}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns its place among the parts, 0 for training. */
  public int number() {
    return List.of(values()).indexOf(this);
  }
}
