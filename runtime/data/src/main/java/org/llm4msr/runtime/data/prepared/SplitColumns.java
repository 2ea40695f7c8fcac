package org.llm4msr.runtime.data.prepared;

import java.util.Set;
import org.llm4msr.api.data.RawSchema;

/** Columns of the split files that are no fields; a field may not take one of these names. */
public final class SplitColumns {

  public static final String USER = "user_index";
  public static final String ITEM = "item_index";
  public static final String SCENARIO = "scenario_rank";
  public static final String LABEL = "label";
  public static final String TIME = "time";

  /** 1: a negative that preparation drew; 0: a row that was logged. */
  public static final String DRAWN = "drawn";

  /** Number of the row's group, from 1; 0 for none. */
  public static final String GROUP = "group_index";

  /** How much the row counts in the loss. */
  public static final String WEIGHT = "row_weight";

  public static final Set<String> RESERVED =
      Set.of(USER, ITEM, SCENARIO, LABEL, TIME, DRAWN, GROUP, WEIGHT);

  private SplitColumns() {}

  /** Returns the column of the weights of the elements of a field's lists. */
  public static String weightsOf(String field) {
    return field + ".weights";
  }

  /** Returns the column of a further label of the manifest: 0, 1, or -1 where it is not known. */
  public static String label(String name) {
    return RawSchema.labelColumn(name);
  }
}
