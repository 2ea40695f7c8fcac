package org.llm4msr.runtime.compare.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Shares with Fieller's interval, worked by hand and by what defines it. */
class PairedRatioTest {

  private static final double[] GAINS = {.09, .10, .11};
  private static final double[] PARTS = {.02, .03, .04};

  /**
   * Means .10 and .03, variances and covariance .0001; t^2 / n = 4.302653^2 / 3 = 6.170940. The
   * bounds solve .009382906 r^2 - 2 * .002382906 r + .000282906 = 0.
   */
  @Test
  void isWhatFiellersEquationGives() {
    PairedRatio ratio = PairedRatio.of(PARTS, GAINS);

    assertThat(ratio.value()).isCloseTo(.3, within(1e-12));
    assertThat(ratio.low()).isCloseTo(.0686365, within(1e-6));
    assertThat(ratio.high()).isCloseTo(.4392885, within(1e-6));
  }

  /** At a bound, the t-test of the part against that share of the gain has p = .05. */
  @Test
  void itsBoundsAreWhereTheTTestIsInDoubt() {
    double[] parts = {.021, .036, .029, .04};
    double[] gains = {.10, .09, .12, .11};
    PairedRatio ratio = PairedRatio.of(parts, gains);

    for (double bound : new double[] {ratio.low(), ratio.high()}) {
      double[] share = Arrays.stream(gains).map(gain -> bound * gain).toArray();
      assertThat(PairedDifference.of(share, parts).pValue()).isCloseTo(.05, within(1e-9));
    }
  }

  @Test
  void isUnknownWithoutAGain() {
    assertThat(PairedRatio.of(PARTS, new double[] {.3, -.2, .1})).isEqualTo(PairedRatio.UNKNOWN);
    assertThat(PairedRatio.of(PARTS, new double[] {-.1, -.1, -.1})).isEqualTo(PairedRatio.UNKNOWN);
    assertThat(PairedRatio.of(new double[] {.01}, new double[] {.04}))
        .isEqualTo(new PairedRatio(.25, Double.NaN, Double.NaN));
    assertThat(PairedRatio.of(new double[] {.1, .1}, new double[] {.2, .2}).high())
        .isCloseTo(.5, within(1e-9));
  }
}
