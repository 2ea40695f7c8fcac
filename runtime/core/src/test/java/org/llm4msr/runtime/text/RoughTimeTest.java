package org.llm4msr.runtime.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoughTimeTest {

  @ParameterizedTest
  @CsvSource({
    "0, less than a minute",
    "29, less than a minute",
    "31, 1 min",
    "7140, 119 min",
    "7200, 2.0 h",
    "9000, 2.5 h"
  })
  void minutesUpToTwoHours(double seconds, String text) {
    assertThat(RoughTime.of(seconds)).isEqualTo(text);
  }
}
