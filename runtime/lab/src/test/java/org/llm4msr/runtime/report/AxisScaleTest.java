package org.llm4msr.runtime.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AxisScaleTest {

  private static List<String> labels(double low, double high) {
    AxisScale scale = AxisScale.of(low, high, 0, 100);
    return scale.ticks().stream().map(scale::label).toList();
  }

  @Test
  void ticksAreRoundAndHoldTheValues() {
    assertThat(labels(0, 10)).containsExactly("0", "2", "4", "6", "8", "10");
    assertThat(labels(0.5, 0.68)).containsExactly("0.50", "0.55", "0.60", "0.65", "0.70");
    assertThat(labels(-3, 4)).containsExactly("-4", "-2", "0", "2", "4");
    assertThat(labels(0, 23_000)).contains("20,000", "25,000");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1e-3, 0.00888, 0.7, 1, 9.99, 12_345, -0.3})
  void oneValueAloneIsInTheMiddle(double value) {
    AxisScale scale = AxisScale.of(value, value, 200, 0);
    assertThat(scale.at(value)).isBetween(70.0, 130.0);
    assertThat(labels(value, value)).hasSizeGreaterThan(3).doesNotHaveDuplicates();
  }

  @Test
  void placesRunFromBeginToEnd() {
    AxisScale upwards = AxisScale.of(0, 10, 200, 0);
    assertThat(upwards.at(0)).isCloseTo(200, within(1e-9));
    assertThat(upwards.at(5)).isCloseTo(100, within(1e-9));
  }
}
