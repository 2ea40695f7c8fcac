package org.llm4msr.runtime.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Which groups share a block: consecutive ones, by rank or by size, whichever costs least in rows
 * of a product. By rank, the groups' matrices stay where they are; by size, they are copied, but
 * fewer places stay free.
 */
final class BlockLayout {

  /** What the calls of one more block cost. */
  private static final int CALLS = 640;

  /** What copying a matrix and adding up its gradient costs. */
  private static final int COPY = 32;

  /**
   * With more groups than this, blocks by rank are not considered: a batch should not wait for its
   * plan.
   */
  private static final int MANY = 256;

  private static final int STEP = 8;

  private final int[] rows;
  private final int[] order;
  private final List<Range> ranges;
  private final long cost;

  /**
   * Groups of one block.
   *
   * @param from first place in the order
   * @param to behind the last
   * @param places of each group
   */
  record Range(int from, int to, int places) {}

  private BlockLayout(int[] rows, int[] order, int[] cuts, long copies) {
    this.rows = rows;
    this.order = order;
    ranges = new ArrayList<>();
    cost = copies + cut(cuts);
  }

  /** Finds the cheapest layout of groups with so many rows each. */
  static BlockLayout of(int[] rows) {
    int groups = rows.length;
    int[] byRank = IntStream.range(0, groups).toArray();
    int[] everywhere = groups > MANY ? new int[] {0} : byRank;
    BlockLayout stay = new BlockLayout(rows, byRank, everywhere, 0);
    int[] bySize =
        IntStream.range(0, groups)
            .filter(g -> rows[g] > 0)
            .boxed()
            .sorted(Comparator.comparingInt(g -> -rows[g]))
            .mapToInt(Integer::intValue)
            .toArray();
    if (Arrays.equals(byRank, bySize)) {
      return stay;
    }
    BlockLayout sorted =
        new BlockLayout(rows, bySize, steps(rows, bySize), (long) COPY * bySize.length);
    return sorted.cost < stay.cost ? sorted : stay;
  }

  /** Returns the groups in the order in which they lie in the blocks. */
  int[] order() {
    return order;
  }

  List<Range> ranges() {
    return ranges;
  }

  /** Where groups of another size begin. */
  private static int[] steps(int[] rows, int[] order) {
    return IntStream.range(0, order.length)
        .filter(i -> i == 0 || roundedUp(rows[order[i]]) != roundedUp(rows[order[i - 1]]))
        .toArray();
  }

  private static int roundedUp(int rows) {
    return (rows + STEP - 1) / STEP * STEP;
  }

  /** Cuts at the cheapest of the allowed places; returns the cost. */
  private long cut(int[] cuts) {
    int n = cuts.length;
    long[] least = new long[n + 1];
    int[] next = new int[n];
    for (int i = n - 1; i >= 0; i--) {
      least[i] = Long.MAX_VALUE;
      int longest = 0;
      for (int j = i; j < n; j++) {
        for (int k = cuts[j]; k < end(cuts, j + 1); k++) {
          longest = Math.max(longest, rows[order[k]]);
        }
        int count = end(cuts, j + 1) - cuts[i];
        long all = (long) count * places(count, longest) + CALLS + least[j + 1];
        if (all < least[i]) {
          least[i] = all;
          next[i] = j + 1;
        }
      }
    }
    for (int i = 0; i < n; i = next[i]) {
      int from = cuts[i];
      int to = end(cuts, next[i]);
      int longest = IntStream.range(from, to).map(k -> rows[order[k]]).max().orElseThrow();
      ranges.add(new Range(from, to, places(to - from, longest)));
    }
    return least[0];
  }

  private int end(int[] cuts, int at) {
    return at == cuts.length ? order.length : cuts[at];
  }

  private static int places(int groups, int longest) {
    return groups == 1 ? Math.max(longest, 1) : Math.max(roundedUp(longest), STEP);
  }
}
