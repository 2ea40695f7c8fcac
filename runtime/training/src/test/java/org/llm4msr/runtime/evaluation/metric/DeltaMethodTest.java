package org.llm4msr.runtime.evaluation.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.hipparchus.special.Erf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The paired delta method against numpy and against cases worked by hand. */
class DeltaMethodTest {

  private static final double LOSS_OF_HALF = Math.log(2);

  /** The values are those of {@code src/test/python/delta_by_user.py}. */
  @ParameterizedTest
  @CsvSource({"gauc, 0.9139060877204834", "logLoss, 0.2829242691875751"})
  void agreesWithGradientsAndCovariancesOfNumpy(String metric, double expected) {
    assertThat(test(metric).pValue(rows())).isCloseTo(expected, within(1e-7));
  }

  /** Returns the rows of the script. */
  static PairedRows rows() {
    int[] user = new int[120];
    boolean[] positive = new boolean[120];
    float[] first = new float[120];
    float[] second = new float[120];
    for (int i = 0; i < 120; i++) {
      user[i] = i * i % 23;
      positive[i] = i * 7 % 10 < 4 || user[i] == 0;
      first[i] = i * 37 % 101 / 128f;
      second[i] = (positive[i] ? .0625f : 0) + i * 29 % 16 / 32f;
    }

    return new PairedRows(user, positive, first, second);
  }

  /**
   * Users with one row each, all positive: a paired test of the losses. The differences are ln 2,
   * -ln 2 and ln 2, with the mean ln 2 / 3 and the squares of deviations (4 + 16 + 4) / 9 ln 2^2,
   * so the variance of the mean is 24 / 9 ln 2^2 / (3 * 2), and z = 1 / 2.
   */
  @Test
  void isThePairedTestWhereEachUserHasOneRow() {
    double p =
        test("logLoss")
            .pValue(
                new PairedRows(
                    new int[] {0, 1, 2},
                    new boolean[] {true, true, true},
                    new float[] {.25f, .5f, .125f},
                    new float[] {.5f, .25f, .25f}));

    double deviation = Math.sqrt(24 / 9. / 6) * LOSS_OF_HALF;
    assertThat(p).isCloseTo(Erf.erfc(LOSS_OF_HALF / 3 / deviation / Math.sqrt(2)), within(1e-12));
  }

  @Test
  void theOrderOfRowsDoesNotMatter() {
    int[] user = {3, 0, 3, 0, 7, 7};
    boolean[] positive = {true, true, false, false, true, false};
    float[] first = {.9f, .6f, .7f, .1f, .2f, .8f};
    float[] second = {.9f, .8f, .2f, .8f, .4f, .3f};
    int[] order = {5, 2, 0, 3, 1, 4};

    assertThat(
            test("gauc")
                .pValue(
                    new PairedRows(
                        IntStream.of(order).map(i -> user[i]).toArray(),
                        new boolean[] {false, false, true, false, true, true},
                        picked(order, first),
                        picked(order, second))))
        .isEqualTo(test("gauc").pValue(new PairedRows(user, positive, first, second)))
        .isBetween(.01, .99);
  }

  private static float[] picked(int[] order, float[] values) {
    float[] picked = new float[order.length];
    for (int i = 0; i < order.length; i++) {
      picked[i] = values[order[i]];
    }
    return picked;
  }

  @Test
  void isOneForTheSameModelAndUndefinedForOneUser() {
    boolean[] positive = {true, false, true, false};
    float[] scores = {.4f, .3f, .1f, .2f};

    PairedRows twoUsers = new PairedRows(new int[] {0, 0, 1, 1}, positive, scores, scores);
    assertThat(test("gauc").pValue(twoUsers)).isEqualTo(1);
    PairedRows oneUser = new PairedRows(new int[4], positive, scores, scores);
    assertThat(test("gauc").pValue(oneUser)).isNaN();
    PairedRows oneClass = new PairedRows(new int[] {0, 0, 1, 1}, new boolean[4], scores, scores);
    assertThat(test("gauc").pValue(oneClass)).isNaN();
  }

  private static PairedTest test(String metric) {
    return MetricList.STANDARD.required(metric, "test").test();
  }
}
