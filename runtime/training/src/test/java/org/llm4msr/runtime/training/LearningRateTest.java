package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.config.ScheduleConfig;
import org.llm4msr.runtime.config.ScheduleConfig.Decay;

class LearningRateTest {

  @Test
  void risesOverTheWarmUpAndStays() {
    LearningRate rate = new LearningRate(0.8, new ScheduleConfig(4, Decay.NONE, 0), 100);

    assertThat(rate.at(0)).isCloseTo(0.2, within(1e-12));
    assertThat(rate.at(3)).isCloseTo(0.8, within(1e-12));
    assertThat(rate.at(99)).isCloseTo(0.8, within(1e-12));
  }

  @Test
  void fallsInALine() {
    LearningRate rate = new LearningRate(1, new ScheduleConfig(0, Decay.LINEAR, 0.1), 11);

    assertThat(rate.at(0)).isCloseTo(1, within(1e-12));
    assertThat(rate.at(5)).isCloseTo(0.55, within(1e-12));
    assertThat(rate.at(10)).isCloseTo(0.1, within(1e-12));
  }

  @Test
  void fallsAsHalfACosineAfterTheWarmUp() {
    LearningRate rate = new LearningRate(2, new ScheduleConfig(2, Decay.COSINE, 0.5), 13);

    assertThat(rate.at(2)).isCloseTo(2, within(1e-12));
    assertThat(rate.at(7)).isCloseTo(1.5, within(1e-12));
    assertThat(rate.at(12)).isCloseTo(1, within(1e-12));
    assertThat(rate.at(50)).isCloseTo(1, within(1e-12));
  }
}
