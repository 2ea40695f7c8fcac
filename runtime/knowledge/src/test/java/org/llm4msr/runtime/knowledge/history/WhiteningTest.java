package org.llm4msr.runtime.knowledge.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class WhiteningTest {

  private static final float[] DEVIATIONS = {4, 0.25f, 1, 0};

  /** 8 / 4, 8 / .25, 8 / 1. */
  @Test
  void fullWhiteningDividesByTheDeviations() {
    assertThat(Whitening.of(DEVIATIONS, 1).apply(new float[] {8, 8, 8, 8}))
        .containsExactly(2, 32, 8, 0);
  }

  /** 8 / 2, 8 / .5, 8 / 1. */
  @Test
  void halfOfItDividesByTheirRoots() {
    assertThat(Whitening.of(DEVIATIONS, 0.5).apply(new float[] {8, 8, 8, 8}))
        .containsExactly(new float[] {4, 16, 8, 0}, within(1e-6f));
  }

  @Test
  void noneLeavesVectorsAsTheyAre() {
    assertThat(Whitening.of(DEVIATIONS, 0).apply(new float[] {8, 7, 6, 5}))
        .containsExactly(8, 7, 6, 5);
  }
}
