package org.llm4msr.runtime.data.slices;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

/**
 * Slices by value: those of most training rows by name, the others together, and rows whose value
 * is missing or out of vocabulary.
 */
final class ValueRule implements Slicing.Rule {

  /** How many values get a slice of their own. */
  static final int NAMED = 8;

  static final String OTHER = "(other)";
  static final String UNKNOWN = "(unknown)";

  private final LongFunction<int[]> ids;
  private final List<String> slices = new ArrayList<>();
  private final int[] sliceOfId;

  /**
   * Makes a rule.
   *
   * @param ids returns the ids at a place; 0 is unknown
   * @param trainingRows by id
   * @param values by id, from 1
   */
  ValueRule(LongFunction<int[]> ids, int[] trainingRows, List<String> values) {
    this.ids = ids;
    List<Integer> named =
        IntStream.range(1, trainingRows.length)
            .boxed()
            .sorted(Comparator.<Integer>comparingInt(id -> trainingRows[id]).reversed())
            .limit(NAMED)
            .toList();
    named.forEach(id -> slices.add(values.get(id - 1)));
    sliceOfId = new int[trainingRows.length];
    if (values.size() > named.size()) {
      Arrays.fill(sliceOfId, slices.size());
      slices.add(OTHER);
    }
    named.forEach(id -> sliceOfId[id] = named.indexOf(id));
    sliceOfId[0] = slices.size();
    slices.add(UNKNOWN);
  }

  @Override
  public List<String> slices() {
    return slices;
  }

  @Override
  public int of(long pick) {
    int set = 0;
    for (int id : ids.apply(pick)) {
      set |= 1 << sliceOfId[id];
    }
    return set;
  }
}
