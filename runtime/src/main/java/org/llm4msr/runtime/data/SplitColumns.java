package org.llm4msr.runtime.data;

import java.util.Set;

/** Columns of the split files that are no fields; a field may not take one of these names. */
final class SplitColumns {

  static final String USER = "user_index";
  static final String ITEM = "item_index";
  static final String SCENARIO = "scenario_rank";
  static final String LABEL = "label";
  static final String TIME = "time";

  static final Set<String> RESERVED = Set.of(USER, ITEM, SCENARIO, LABEL, TIME);

  private SplitColumns() {}
}
