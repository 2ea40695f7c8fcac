package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class WeightedMomentsTest {

  /** In doubles .1 * 3 / 3 is above .1, and .7 * 3 / 3 below .7. */
  @Test
  void oneValueHasItselfAsMeanAndNoDeviation() {
    for (double value : new double[] {0.1, 0.7, -0.1, 12.7, 1e300}) {
      WeightedMoments moments = new WeightedMoments();
      moments.add(value, 3);

      assertThat(moments.mean()).isEqualTo(value);
      assertThat(moments.deviation()).isZero();
    }
  }

  /** By numpy.average of (4, 7, 16) with the weights (2, 5, 1), and of the squares around it. */
  @Test
  void agreesWithNumpyFarFromZero() {
    WeightedMoments moments = new WeightedMoments();
    moments.add(1e6 + 4, 2);
    moments.add(1e6 + 7, 5);
    moments.add(1e6 + 16, 1);

    assertThat(moments.mean()).isCloseTo(1e6 + 7.375, within(1e-9));
    assertThat(moments.deviation()).isCloseTo(3.4977671449083054, within(1e-8));
  }
}
