package org.llm4msr.runtime.assembly;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DistinctUsersTest {

  private final DistinctUsers users = new DistinctUsers(300);

  @Test
  void numbersUsersByFirstAppearance() {
    users.find(new int[] {7, 3, 7, 9, 3, 1}, 5);

    assertThat(users.count()).isEqualTo(3);
    assertThat(IntStream.range(0, 3).map(users::user)).containsExactly(7, 3, 9);
    assertThat(users.groupOfRow()).startsWith(0, 1, 0, 2, 1);
  }

  /** Multiples of an eighth of the power of two below. */
  @ParameterizedTest
  @CsvSource({"1, 1", "15, 15", "17, 18", "128, 128", "129, 144", "250, 256", "257, 288"})
  void takesFewSizes(int count, int groups) {
    users.find(IntStream.range(0, count).toArray(), count);

    assertThat(users.groups()).isEqualTo(groups);
  }
}
