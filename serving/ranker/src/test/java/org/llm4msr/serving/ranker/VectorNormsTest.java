package org.llm4msr.serving.ranker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class VectorNormsTest {

  private static final VectorNorms UNIT = new VectorNorms(.98, 1.02);

  @Test
  void theNormIsThatOfEuclid() {
    assertThat(VectorNorms.norm(new float[] {3, 0, -4})).isEqualTo(5);
  }

  @Test
  void aNormBeyondTwiceTheRangeIsTold() {
    assertThat(UNIT.warning(.49)).isNull();
    assertThat(UNIT.warning(2.04)).isNull();
    assertThat(UNIT.warning(2.05)).contains("2.05", "from 0.980 to 1.02");
    assertThat(UNIT.warning(.48)).contains("0.480");
  }

  /** What was tried once: 384 numbers of 0.01, where the model reads vectors of length 1. */
  @Test
  void aVectorOfAnotherModelIsTold() {
    float[] other = new float[384];
    Arrays.fill(other, .01f);

    assertThat(UNIT.warning(VectorNorms.norm(other))).contains("0.196");
  }
}
