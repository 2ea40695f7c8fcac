package org.llm4msr.runtime.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class AucIntervalTest {

  /** Computed tomography of 58 normal and 51 abnormal patients: the example of the paper. */
  @Test
  void hasTheStandardErrorOfHanleyAndMcNeil() {
    assertThat(AucInterval.standardError(0.893, 51, 58)).isCloseTo(0.032, within(0.0006));
  }
}
