package org.llm4msr.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.model.BlockLayout.Range;

class BlockLayoutTest {

  private static BlockLayout of(int... rows) {
    return BlockLayout.of(rows);
  }

  @Test
  void aGroupAloneHasNoFreePlaces() {
    assertThat(of(19).ranges()).containsExactly(new Range(0, 1, 19));
  }

  /** 24 + 640 together, 5 + 6 + 7 + 3 * 640 apart. */
  @Test
  void groupsOfABlockHaveMultiplesOfEightPlaces() {
    BlockLayout layout = of(5, 6, 7);

    assertThat(layout.order()).containsExactly(0, 1, 2);
    assertThat(layout.ranges()).containsExactly(new Range(0, 3, 8));
  }

  /** 1200 + 16 + 2 * 640 + 4 * 32 = 2624 by size; 4 * 600 + 640 = 3040 by rank. */
  @Test
  void groupsMoveWhereThatSavesMoreThanItCopies() {
    BlockLayout layout = of(600, 3, 600, 5);

    assertThat(layout.order()).containsExactly(0, 2, 3, 1);
    assertThat(layout.ranges()).containsExactly(new Range(0, 2, 600), new Range(2, 4, 8));
  }

  /** 3 * 8 + 640 by rank; 2 * 8 + 640 + 2 * 32 by size. */
  @Test
  void aGroupWithoutRowsStaysWhereMovingCostsMore() {
    BlockLayout layout = of(3, 0, 3);

    assertThat(layout.order()).containsExactly(0, 1, 2);
    assertThat(layout.ranges()).containsExactly(new Range(0, 3, 8));
  }

  /** 200 * 8 + 640 by rank; 8 + 640 + 32 by size. */
  @Test
  void groupsWithoutRowsAreLeftOutWhereTheyAreMany() {
    int[] rows = new int[200];
    rows[150] = 4;
    BlockLayout layout = of(rows);

    assertThat(layout.order()).containsExactly(150);
    assertThat(layout.ranges()).containsExactly(new Range(0, 1, 4));
  }

  /** One block of 300 * 8 by rank; by size 299 * 8 + 4000 + 2 * 640 + 300 * 32 costs less. */
  @Test
  void manyGroupsAreCutBySizeAlone() {
    int[] rows = new int[300];
    Arrays.fill(rows, 8);
    assertThat(of(rows).ranges()).containsExactly(new Range(0, 300, 8));
    rows[70] = 4000;
    BlockLayout layout = of(rows);

    assertThat(layout.order()).startsWith(70, 0, 1).hasSize(300);
    assertThat(layout.ranges()).containsExactly(new Range(0, 1, 4000), new Range(1, 300, 8));
  }

  /** Against all ways of cutting, in both orders. */
  @RepeatedTest(20)
  void noOtherLayoutCostsLess(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    int[] rows =
        random.ints(1 + random.nextInt(9), 0, 2000).map(n -> n % 3 == 0 ? n / 100 : n).toArray();
    rows[0]++;
    int[] byRank = IntStream.range(0, rows.length).toArray();
    int[] bySize =
        IntStream.range(0, rows.length)
            .filter(g -> rows[g] > 0)
            .boxed()
            .sorted((a, b) -> Integer.compare(rows[b], rows[a]))
            .mapToInt(g -> g)
            .toArray();

    BlockLayout layout = of(rows);

    long moves = Arrays.equals(layout.order(), byRank) ? 0 : 32L * layout.order().length;
    assertThat(moves + cost(layout.ranges()))
        .as("rows %s", Arrays.toString(rows))
        .isEqualTo(Math.min(least(rows, byRank), 32L * bySize.length + least(rows, bySize)));
    int behind = 0;
    for (Range range : layout.ranges()) {
      assertThat(range.from()).isEqualTo(behind);
      behind = range.to();
      for (int i = range.from(); i < range.to(); i++) {
        assertThat(rows[layout.order()[i]]).isLessThanOrEqualTo(range.places());
      }
    }
    assertThat(behind).isEqualTo(layout.order().length);
  }

  private static long cost(List<Range> ranges) {
    return ranges.stream().mapToLong(r -> (long) (r.to() - r.from()) * r.places() + 640).sum();
  }

  private static long least(int[] rows, int[] order) {
    long least = Long.MAX_VALUE;
    for (int cuts = 0; cuts < 1 << (order.length - 1); cuts++) {
      long cost = 0;
      int from = 0;
      for (int to = 1; to <= order.length; to++) {
        if (to == order.length || (cuts >> (to - 1) & 1) == 1) {
          int most = Arrays.stream(order, from, to).map(g -> rows[g]).max().orElseThrow();
          int places = to - from == 1 ? Math.max(1, most) : Math.max(8, (most + 7) / 8 * 8);
          cost += (long) (to - from) * places + 640;
          from = to;
        }
      }
      least = Math.min(least, cost);
    }
    return least;
  }
}
