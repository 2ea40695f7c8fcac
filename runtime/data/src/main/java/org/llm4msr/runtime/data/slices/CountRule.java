package org.llm4msr.runtime.data.slices;

import java.util.ArrayList;
import java.util.List;
import org.llm4msr.runtime.data.arrow.IdColumn;

/**
 * Slices by the number of training rows of what a row names.
 *
 * @param column the id in each row
 * @param trainingRows by id
 * @param starts the least number of each slice, rising from 0
 */
@SuppressWarnings("ArrayRecordComponent") // Read-only, and large.
record CountRule(IdColumn column, int[] trainingRows, List<Integer> starts)
    implements Slicing.Rule {

  @Override
  public List<String> slices() {
    List<String> names = new ArrayList<>();
    for (int s = 0; s < starts.size(); s++) {
      int start = starts.get(s);
      boolean last = s == starts.size() - 1;
      int end = last ? start : starts.get(s + 1) - 1;
      names.add(last ? start + "+" : start == end ? "" + start : start + "-" + end);
    }
    return names;
  }

  @Override
  public int of(long pick) {
    int rows = trainingRows[column.get(pick)];
    int slice = starts.size() - 1;
    while (starts.get(slice) > rows) {
      slice--;
    }
    return 1 << slice;
  }
}
