package org.llm4msr.runtime.evaluation.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.IntStream;
import org.hipparchus.special.Erf;
import org.junit.jupiter.api.Test;

/**
 * DeLong's test against its definition, pair by pair, against Obuchowski's with users of several
 * rows, and against cases worked by hand.
 */
class DeLongTest {

  @Test
  void agreesWithTheDefinitionOnScoresWithTies() {
    Random random = new Random(3);
    for (int repetition = 0; repetition < 20; repetition++) {
      int rows = 20 + random.nextInt(60);
      boolean[] positive = new boolean[rows];
      float[] first = new float[rows];
      float[] second = new float[rows];
      for (int i = 0; i < rows; i++) {
        positive[i] = i < 2 || (i > 3 && random.nextInt(3) == 0);
        float signal = positive[i] ? 0.3f : 0;
        first[i] = signal + random.nextInt(8) / 10f * 0.9f;
        second[i] = random.nextInt(6) / 10f;
      }

      assertThat(pValue(eachItsOwn(rows), positive, first, second))
          .isCloseTo(byDefinition(positive, first, second), within(1e-12));
    }
  }

  /**
   * Positives .9 .6, negatives .7 .1 by the first model: components by positive 1 and .5, by
   * negative .5 and 1. The second orders all: 1 everywhere. Difference -.25, variance .125 / 2 +
   * .125 / 2 = .125, z = -.25 / sqrt(.125).
   */
  @Test
  void agreesWithACaseByHand() {
    double p =
        pValue(
            eachItsOwn(4),
            new boolean[] {true, true, false, false},
            new float[] {.9f, .6f, .7f, .1f},
            new float[] {.9f, .8f, .2f, .1f});

    assertThat(p).isCloseTo(Erf.erfc(0.25 / Math.sqrt(0.125) / Math.sqrt(2)), within(1e-12));
  }

  /**
   * The same rows, .9 and .1 of one user, .6 and .7 of another: from the mean -.25 the components
   * differ by .25 -.25 of the positives and -.25 .25 of the negatives, over 2 rows each; so the
   * first user's sums are .125 and .125, the second's -.125 and -.125. Variance 2 (.03125 + .03125)
   * + 2 * 2 * .03125 = .25, z = -.5.
   */
  @Test
  void rowsOfOneUserCountTogether() {
    double p =
        pValue(
            new int[] {0, 1, 1, 0},
            new boolean[] {true, true, false, false},
            new float[] {.9f, .6f, .7f, .1f},
            new float[] {.9f, .8f, .2f, .1f});

    assertThat(p).isCloseTo(Erf.erfc(0.5 / Math.sqrt(2)), within(1e-12));
  }

  /** The value is that of {@code src/test/python/delong_by_user.py}. */
  @Test
  void agreesWithObuchowskiWhereUsersHaveRowsOfOneClassOrBoth() {
    int[] user = new int[60];
    boolean[] positive = new boolean[60];
    float[] first = new float[60];
    float[] second = new float[60];
    for (int i = 0; i < 60; i++) {
      user[i] = i * i % 23;
      positive[i] = i * 7 % 10 < 4;
      first[i] = i * 37 % 101 / 128f;
      second[i] = i * 29 % 16 / 16f;
    }

    assertThat(pValue(user, positive, first, second)).isCloseTo(0.6127977466934293, within(1e-12));
  }

  @Test
  void isOneForModelsThatOrderAlikeAndUndefinedForOneUserOfAClass() {
    boolean[] positive = {true, false, true, false};
    float[] scores = {.4f, .3f, .1f, .2f};

    assertThat(pValue(eachItsOwn(4), positive, scores, scores)).isEqualTo(1);
    assertThat(pValue(new int[] {0, 1, 0, 2}, positive, scores, scores)).isNaN();
    assertThat(pValue(eachItsOwn(4), new boolean[4], scores, scores)).isNaN();
  }

  private static double pValue(int[] user, boolean[] positive, float[] first, float[] second) {
    return new DeLong().pValue(new PairedRows(user, positive, first, second));
  }

  private static int[] eachItsOwn(int rows) {
    return IntStream.range(0, rows).toArray();
  }

  private static double byDefinition(boolean[] positive, float[] first, float[] second) {
    int rows = positive.length;
    int positives = 0;
    for (boolean label : positive) {
      positives += label ? 1 : 0;
    }
    int negatives = rows - positives;
    double[] byRow = new double[rows];
    double difference = 0;
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < rows; j++) {
        if (positive[i] && !positive[j]) {
          double psi = psi(first[i], first[j]) - psi(second[i], second[j]);
          byRow[i] += psi / negatives;
          byRow[j] += psi / positives;
          difference += psi / ((double) positives * negatives);
        }
      }
    }
    double ofPositives = 0;
    double ofNegatives = 0;
    for (int i = 0; i < rows; i++) {
      double square = (byRow[i] - difference) * (byRow[i] - difference);
      if (positive[i]) {
        ofPositives += square / (positives - 1);
      } else {
        ofNegatives += square / (negatives - 1);
      }
    }
    double z = difference / Math.sqrt(ofPositives / positives + ofNegatives / negatives);
    return Erf.erfc(Math.abs(z) / Math.sqrt(2));
  }

  private static double psi(float positive, float negative) {
    return positive > negative ? 1 : positive == negative ? 0.5 : 0;
  }
}
