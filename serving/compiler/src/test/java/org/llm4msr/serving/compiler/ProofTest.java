package org.llm4msr.serving.compiler;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** How the probabilities of a graph and of its model are compared. */
class ProofTest {

  @Test
  void theLargestDifferenceCounts() {
    assertThat(Proof.largest(new float[] {0.5f, 0.25f, 0.75f}, new float[] {0.5f, 0.5f, 0.625f}))
        .isEqualTo(0.25);
  }

  @Test
  void aNumberThatIsNoneIsNeverForgotten() {
    float none = Float.NaN;
    assertThat(Proof.largest(new float[] {0.5f, 0.5f, 0.5f}, new float[] {0, none, 0.5f})).isNaN();
    assertThat(Proof.largest(new float[] {none, 0.5f}, new float[] {0, 0.5f})).isNaN();
  }
}
