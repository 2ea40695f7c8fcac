package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.runtime.data.prepared.Periods;

class PeriodsTest {

  @Test
  void cutsTenRowsIntoFour() {
    Periods periods = new Periods(10, 4);

    assertThat(new long[] {periods.start(0), periods.start(1), periods.start(2), periods.start(3)})
        .containsExactly(0, 3, 5, 8);
    assertThat(new int[] {periods.of(2), periods.of(3), periods.of(7), periods.of(9)})
        .containsExactly(0, 1, 2, 3);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "7, 3", "3, 7", "1000, 64", "150017, 4"})
  void aRowsPeriodIsTheLastThatBeginsNoLater(long rows, int count) {
    Periods periods = new Periods(rows, count);
    for (long row = 0; row < rows; row++) {
      int period = periods.of(row);
      assertThat(periods.start(period)).isLessThanOrEqualTo(row);
      if (period + 1 < count) {
        assertThat(periods.start(period + 1)).isGreaterThan(row);
      }
    }
  }
}
