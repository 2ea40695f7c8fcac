package org.llm4msr.plugins.llm.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.Position;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.Precision;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.Template;

class SamplerTest {

  /** Logarithms of 1, 2, 4 and 1: shares of an eighth, a quarter, a half and an eighth. */
  private static final float[] SCORES = {0, (float) Math.log(2), (float) Math.log(4), 0};

  private static Sampler sampler(double temperature, double topP, long... prompt) {
    return new Sampler(
        new DecoderConfig(
            "m",
            null,
            null,
            null,
            Position.GENERATED_END,
            false,
            Precision.FLOAT32,
            Template.NONE,
            null,
            1,
            1,
            temperature,
            topP,
            11),
        prompt);
  }

  private static double[] shares(Sampler sampler) {
    int draws = 20_000;
    double[] shares = new double[SCORES.length];
    IntStream.range(0, draws).forEach(i -> shares[sampler.pick(SCORES)] += 1.0 / draws);
    return shares;
  }

  @Test
  void drawsByShare() {
    // Four standard deviations of 20,000 draws are at most .014.
    assertThat(shares(sampler(1, 1, 5)))
        .containsExactly(new double[] {0.125, 0.25, 0.5, 0.125}, within(0.015));
  }

  @Test
  void aHigherTemperatureEvensShares() {
    // At temperature 2 weights are 1, root 2, 2 and 1.
    double total = 4 + Math.sqrt(2);
    assertThat(shares(sampler(2, 1, 5)))
        .containsExactly(
            new double[] {1 / total, Math.sqrt(2) / total, 2 / total, 1 / total}, within(0.015));
  }

  @Test
  void leavesOutWhatLiesBeyondTheTop() {
    // The likeliest two have three quarters, and with 0.6 the second is still needed.
    assertThat(shares(sampler(1, 0.6, 5)))
        .containsExactly(new double[] {0, 1 / 3.0, 2 / 3.0, 0}, within(0.015));
    assertThat(shares(sampler(1, 0, 5))).containsExactly(new double[] {0, 0, 1, 0}, within(1e-9));
  }

  @Test
  void dependsOnTheTextAlone() {
    Sampler sampler = sampler(1, 1, 5, 6);
    Sampler same = sampler(1, 1, 5, 6);
    Sampler other = sampler(1, 1, 6, 5);
    int[] drawn = IntStream.range(0, 50).map(i -> sampler.pick(SCORES)).toArray();
    assertThat(IntStream.range(0, 50).map(i -> same.pick(SCORES)).toArray()).isEqualTo(drawn);
    assertThat(IntStream.range(0, 50).map(i -> other.pick(SCORES)).toArray()).isNotEqualTo(drawn);
    assertThat(sampler(0, 1, 5).pick(SCORES)).isEqualTo(2);
  }
}
