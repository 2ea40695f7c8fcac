package org.llm4msr.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PairedDifferenceTest {

  @Test
  void isTheIntervalOfStudentsT() {
    double[] before = {1, 2, 3, 4, 5};
    double[] after = {2, 4, 3, 5, 8};

    PairedDifference difference = PairedDifference.of(before, after);

    // Differences 1, 2, 0, 1, 3: mean 1.4, variance 1.3; t(0.975; 4) = 2.776445 of the tables.
    assertThat(difference.mean()).isEqualTo(1.4, within(1e-12));
    assertThat(difference.halfWidth()).isEqualTo(2.776445 * Math.sqrt(1.3 / 5), within(1e-6));
  }

  @Test
  void onePairHasNoInterval() {
    assertThat(PairedDifference.of(new double[] {1}, new double[] {2}).halfWidth()).isNaN();
  }
}
