package org.llm4msr.runtime.knowledge.vectors;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DistinctSlotsTest {

  private final DistinctSlots users = new DistinctSlots();

  @Test
  void numbersUsersByFirstAppearance() {
    users.find(new int[] {7, 3, 7, 9, 3, 1}, 5);

    assertThat(users.count()).isEqualTo(3);
    assertThat(IntStream.range(0, 3).map(users::slot)).containsExactly(7, 3, 9);
    assertThat(users.groupOfRow()).startsWith(0, 1, 0, 2, 1);
  }

  /** Against a map, with batches that grow and shrink, and users whose places collide. */
  @Test
  void numbersUsersAsAMapWould() {
    Random random = new Random(4);
    for (int rows : new int[] {1, 1000, 3, 5000, 1000}) {
      int[] userOfRow =
          random.ints(rows, 0, rows).map(user -> user * 1024 + random.nextInt(2)).toArray();
      Map<Integer, Integer> numbers = new LinkedHashMap<>();
      int[] expected = new int[rows];
      for (int row = 0; row < rows; row++) {
        expected[row] = numbers.computeIfAbsent(userOfRow[row], user -> numbers.size());
      }

      users.find(userOfRow, rows);

      assertThat(Arrays.copyOf(users.groupOfRow(), rows)).isEqualTo(expected);
      assertThat(IntStream.range(0, users.count()).mapToObj(users::slot))
          .containsExactlyElementsOf(numbers.keySet());
    }
  }

  /** Multiples of an eighth of the power of two below. */
  @ParameterizedTest
  @CsvSource({"1, 1", "15, 15", "17, 18", "128, 128", "129, 144", "250, 256", "257, 288"})
  void takesFewSizes(int count, int groups) {
    users.find(IntStream.range(0, count).toArray(), count);

    assertThat(users.groups()).isEqualTo(groups);
  }
}
