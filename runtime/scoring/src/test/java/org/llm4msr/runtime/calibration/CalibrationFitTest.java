package org.llm4msr.runtime.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.calibration.Calibration.Line;

class CalibrationFitTest {

  private static final List<String> SCENARIOS =
      List.of("feed", "search", "few", "one-class", "empty", "worse");

  /**
   * "worse" has scores that order its rows worse than chance: alone it would have slope -0.8, and
   * with the prior -0.48.
   */
  @Test
  void agreesWithScikitLearn() throws IOException {
    JsonNode reference = new ObjectMapper().readTree(text("reference.json")).get("scenarios");

    List<Line> lines = rows().result().scenarios();

    assertThat(lines).extracting(Line::scenario).isEqualTo(SCENARIOS);
    assertThat(lines).extracting(Line::rows).containsExactly(3000L, 800L, 6L, 60L, 0L, 600L);
    for (Line line : lines) {
      JsonNode expected = reference.get(line.scenario());
      assertThat(line.slope())
          .as(line.scenario())
          .isCloseTo(expected.get(0).doubleValue(), within(1e-6));
      assertThat(line.offset())
          .as(line.scenario())
          .isCloseTo(expected.get(1).doubleValue(), within(1e-6));
    }
    assertThat(lines.get(5).slope()).isEqualTo(LogisticFit.LEAST_SLOPE);
  }

  /**
   * All logits are 0, so probabilities are those of a constant: (P + 1) / (P + 2) times P and 1 /
   * (N + 2) times N, of P + N rows. With 3 positives of 5: (3 * 4/5 + 2 * 1/4) / 5 = .58.
   */
  @Test
  void equalLogitsBecomeTheShareOfPositives() {
    CalibrationFit fit = new CalibrationFit(List.of("a", "empty"));
    fit.add(5, new int[5], new float[] {1, 0, 1, 0, 1}, new float[5]);

    float[] probability = new float[1];
    fit.result().probabilities(1, new int[] {1}, new float[1], probability);

    assertThat(probability[0]).isCloseTo(.58f, within(1e-6f));
  }

  /** Without targets and prior, slopes would be infinite. */
  @Test
  void classesThatLogitsSeparateHaveAFiniteSlope() {
    CalibrationFit fit = new CalibrationFit(List.of("a", "b"));
    int n = 2000;
    int[] scenario = new int[n];
    float[] label = new float[n];
    float[] logit = new float[n];
    for (int i = 0; i < n; i++) {
      scenario[i] = i % 2;
      label[i] = i % 4 < 2 ? 0 : 1;
      logit[i] = (label[i] == 1 ? 1 : -1) * (1 + i % 7);
    }
    fit.add(n, scenario, label, logit);

    for (Line line : fit.result().scenarios()) {
      assertThat(line.slope()).isBetween(1.0, 20.0);
      assertThat(line.offset()).isBetween(-2.0, 2.0);
    }
  }

  @Test
  void rowsOfOneClassOrNoneAreNotCalibrated() {
    CalibrationFit fit = new CalibrationFit(List.of("a"));
    assertThat(fit.result()).isEqualTo(Calibration.NONE);

    fit.add(2, new int[2], new float[2], new float[] {1, 2});

    assertThat(fit.result()).isEqualTo(Calibration.NONE);
  }

  /** Rows of a bin stand together with their mean, and those far out at the last bin. */
  @Test
  void binsChangeASlopeByLessThanCanBeSeen() {
    Random random = new Random(11);
    int n = 200_000;
    float[] label = new float[n];
    float[] logit = new float[n];
    for (int i = 0; i < n; i++) {
      logit[i] = (float) (2 * random.nextGaussian() - 1);
      label[i] = random.nextDouble() < Calibration.sigmoid(0.6 * logit[i] + 0.3) ? 1 : 0;
    }
    CalibrationFit fit = new CalibrationFit(List.of("a"));
    fit.add(n, new int[n], label, logit);
    Line line = fit.result().scenarios().get(0);

    assertThat(line.slope()).isCloseTo(0.6, within(0.02));
    assertThat(line.offset()).isCloseTo(0.3, within(0.02));
    // At the least loss, errors have the mean 0 and are uncorrelated with the logit.
    double errors = 0;
    double products = 0;
    for (int i = 0; i < n; i++) {
      double error = Calibration.sigmoid(line.slope() * logit[i] + line.offset()) - label[i];
      errors += error / n;
      products += error * logit[i] / n;
    }
    assertThat(errors).isCloseTo(0, within(1e-5));
    assertThat(products).isCloseTo(0, within(1e-5));
  }

  @Test
  void infiniteLogitsAreRowsLikeOthers() {
    CalibrationFit fit = new CalibrationFit(List.of("a"));
    fit.add(
        6,
        new int[6],
        new float[] {1, 1, 0, 0, 1, 0},
        new float[] {Float.POSITIVE_INFINITY, 1, Float.NEGATIVE_INFINITY, -1, -1, 1});

    Line line = fit.result().scenarios().get(0);

    assertThat(line.slope()).isPositive().isFinite();
    assertThat(line.offset()).isCloseTo(0, within(1e-9));
  }

  /**
   * Newton's best slope is far below 0 here, and its offset far from where a slope of 0.01 fits.
   */
  @Test
  void logitsThatHardlyDifferAndOrderRowsBackwardsGiveTheShareOfPositives() {
    CalibrationFit fit = new CalibrationFit(List.of("a"));
    int n = 1000;
    int[] scenario = new int[n];
    float[] label = new float[n];
    float[] logit = new float[n];
    for (int i = 0; i < n; i++) {
      label[i] = i % 10 < 4 ? 1 : 0;
      logit[i] = -0.3f - 0.001f * label[i];
    }
    fit.add(n, scenario, label, logit);

    float[] probability = new float[n];
    fit.result().probabilities(n, scenario, logit, probability);
    assertThat(probability[0]).isCloseTo(0.4f, within(0.001f));
    assertThat(fit.result().logit(0, probability[0])).isCloseTo(logit[0], within(1e-3));
  }

  private static CalibrationFit rows() throws IOException {
    CalibrationFit fit = new CalibrationFit(SCENARIOS);
    text("rows.csv")
        .lines()
        .skip(1)
        .map(line -> line.split(","))
        .forEach(
            cells -> {
              int n = Integer.parseInt(cells[2]);
              int[] scenario = new int[n];
              float[] label = new float[n];
              float[] logit = new float[n];
              Arrays.fill(scenario, SCENARIOS.indexOf(cells[0]));
              Arrays.fill(label, 0, Integer.parseInt(cells[3]), 1);
              Arrays.fill(logit, Float.parseFloat(cells[1]));
              fit.add(n, scenario, label, logit);
            });
    return fit;
  }

  private static String text(String name) throws IOException {
    try (InputStream in = CalibrationFitTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
