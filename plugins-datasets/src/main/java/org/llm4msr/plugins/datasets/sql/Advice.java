package org.llm4msr.plugins.datasets.sql;

import java.util.List;

/** Says what the values of a column tell of the settings, where one of them cannot be read. */
@FunctionalInterface
public interface Advice {

  /** Has nothing to say. */
  Advice NONE = values -> "";

  /**
   * Returns a sentence; empty if it is the row that is wrong.
   *
   * @param values those of the first rows, without empty ones
   */
  String of(List<String> values);
}
