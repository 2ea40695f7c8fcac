package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.toolkit.safetensors.Tensor;

class GrownArraysTest {

  /** Two scenarios were known, there are four, and new ones are copies of the second. */
  private final GrownArrays arrays =
      new GrownArrays(
          Map.of(
              "bottom/weight", tensor(List.of(2L), 1, 2),
              "scenario/embedding", tensor(List.of(2L, 2L), 1, 2, 3, 4),
              "gates", tensor(List.of(2L, 4L), 1, 2, 3, 4, 5, 6, 7, 8),
              "tower.0/bias", tensor(List.of(1L), 5),
              "tower.1/bias", tensor(List.of(1L), 6),
              "expert.1/bias", tensor(List.of(1L), 7)),
          2,
          4,
          1);

  @Test
  void sharedArraysStay() {
    assertThat(arrays.values("bottom/weight", new long[] {2})).containsExactly(1, 2);
    assertThat(arrays.values("expert.1/bias", new long[] {1})).containsExactly(7);
  }

  @Test
  void anAxisOfScenariosGrowsByCopiesOfTheModelScenario() {
    assertThat(arrays.values("scenario/embedding", new long[] {4, 2}))
        .containsExactly(1, 2, 3, 4, 3, 4, 3, 4);
    // (2, scenarios * 2): rows stay apart, and a scenario has two columns.
    assertThat(arrays.values("gates", new long[] {2, 8}))
        .containsExactly(1, 2, 3, 4, 3, 4, 3, 4, 5, 6, 7, 8, 7, 8, 7, 8);
  }

  @Test
  void arraysNamedByRankAreCopiesOfTheModelScenarios() {
    assertThat(arrays.values("tower.0/bias", new long[] {1})).containsExactly(5);
    assertThat(arrays.values("tower.3/bias", new long[] {1})).containsExactly(6);
    assertThat(arrays.unused()).doesNotContain("tower.0/bias").contains("tower.1/bias");
  }

  @Test
  void whatFitsNothingIsRefused() {
    assertThatThrownBy(() -> arrays.values("tower.9/bias", new long[] {1}))
        .hasMessageContaining("[bundle/OTHER_MODEL]")
        .hasMessageContaining("tower.9/bias");
    assertThatThrownBy(() -> arrays.values("bottom/weight", new long[] {3}))
        .hasMessageContaining("shape [2]");
  }

  private static Tensor tensor(List<Long> shape, float... values) {
    return new Tensor("", shape, FloatBuffer.wrap(values));
  }
}
