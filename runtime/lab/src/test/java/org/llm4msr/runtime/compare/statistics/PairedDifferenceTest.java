package org.llm4msr.runtime.compare.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** Paired differences against Student's own example. */
class PairedDifferenceTest {

  /** Hours of sleep of ten patients with two drugs; t = 4.0621, p = .002833 (Student, 1908). */
  @Test
  void agreesWithStudentsSleepData() {
    double[] first = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2};
    double[] second = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};

    PairedDifference difference = PairedDifference.of(first, second);

    assertThat(difference.mean()).isCloseTo(1.58, within(1e-9));
    assertThat(difference.mean() - difference.halfWidth()).isCloseTo(0.7001142, within(1e-6));
    assertThat(difference.mean() + difference.halfWidth()).isCloseTo(2.4598858, within(1e-6));
    assertThat(difference.pValue()).isCloseTo(0.002833, within(1e-6));
  }

  @Test
  void ofOnePairHasNoIntervalAndOfEqualPairsNoDoubt() {
    assertThat(PairedDifference.of(new double[] {1}, new double[] {3}).halfWidth()).isNaN();
    assertThat(PairedDifference.of(new double[] {1, 2}, new double[] {1, 2}))
        .isEqualTo(new PairedDifference(0, 0, 1));
  }
}
