package org.llm4msr.runtime.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.compare.TuningConfig.Range;

class SearchSpaceTest {

  @Test
  void numbersOfANarrowRangeDifferAndStayWithinIt() {
    assertThat(drawn(0.999, 0.9999, false))
        .allMatch(value -> value >= 0.999 && value <= 0.9999)
        .satisfies(values -> assertThat(Set.copyOf(values)).hasSizeGreaterThan(15));
    assertThat(drawn(-1.002, -1.001, false))
        .allMatch(value -> value >= -1.002 && value <= -1.001)
        .satisfies(values -> assertThat(Set.copyOf(values)).hasSizeGreaterThan(15));
  }

  @Test
  void endsWithMoreDigitsThanNumbersHaveAreNotPassed() {
    assertThat(drawn(0.000316227, 0.000316999, true))
        .allMatch(value -> value >= 0.000316227 && value <= 0.000316999);
  }

  @Test
  void numbersOfAWideRangeAreShort() {
    assertThat(drawn(1e-4, 1e-1, true))
        .allMatch(value -> Math.abs(value) > 0 && Double.toString(value).length() <= 8);
  }

  /** The logarithm of whole numbers from .3 on would begin below 0. */
  @Test
  void wholeNumbersHaveWholeEnds() {
    assertThatThrownBy(() -> drawn(new Range(0.3, 8.0, true, true, List.of())))
        .isInstanceOf(MsrException.class)
        .hasMessageContainingAll("tune/SPACE", "space.key", "0.3 and 8.0");
    assertThat(drawn(new Range(1.0, 3.0, true, true, List.of()))).containsOnly(1.0, 2.0, 3.0);
  }

  @Test
  void aSmallSpaceGivesEachOfItsPointsOnce() {
    assertThat(drawn(new Range(1.0, 12.0, true, true, List.of())))
        .containsExactlyInAnyOrder(1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12.);
  }

  @Test
  void moreTrialsBeginWithTheSameOnes() {
    SearchSpace space =
        new SearchSpace(
            Map.of("key", new Range(1.0, 30.0, false, true, List.of())), Path.of("search.yaml"));

    assertThat(space.draw(30, 7)).hasSize(30).startsWith(space.draw(9, 7).toArray(List[]::new));
  }

  private static List<Double> drawn(double from, double to, boolean log) {
    return drawn(new Range(from, to, log, false, List.of()));
  }

  private static List<Double> drawn(Range range) {
    SearchSpace space = new SearchSpace(Map.of("key", range), Path.of("search.yaml"));
    return space.draw(20, 7).stream().map(values -> Double.valueOf(values.get(0).label())).toList();
  }
}
