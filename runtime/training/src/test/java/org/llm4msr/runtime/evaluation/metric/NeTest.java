package org.llm4msr.runtime.evaluation.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.evaluation.EvaluationResult;

class NeTest {

  /** The entropy of 1 / 4 is .562335 nats. */
  @Test
  void isOneForTheShareOfPositives() {
    Metric.State state = new Ne().newState();
    state.add(.25f, true);
    state.add(.25f, false);
    state.add(.25f, false);
    state.add(.25f, false);

    Figures figures = new Figures();
    state.write(figures);
    assertThat((Double) figures.values().get("ne")).isCloseTo(1, within(1e-12));

    state.add(.5f, true);
    state.add(.5f, false);
    state.add(.5f, false);
    state.add(.5f, false);
    Figures of = new Figures();
    state.write(of);
    assertThat((Double) of.values().get("ne"))
        .isCloseTo((1 + Math.log(2) / .5623351446) / 2, within(1e-9));
  }

  @Test
  void agreesWithTheLogLossesOfScikitLearn() throws IOException {
    EvaluationResult result = ScikitLearn.evaluated();

    assertThat(result.overall().value("ne"))
        .isCloseTo(ScikitLearn.overall().get("ne").doubleValue(), within(1e-12));
    assertThat(result.scenarios().get(0).value("ne"))
        .isCloseTo(ScikitLearn.scenario("feed").get("ne").doubleValue(), within(1e-12));
  }

  @Test
  void isMissingWithOneClass() throws IOException {
    EvaluationResult result = ScikitLearn.evaluated();

    assertThat(result.scenarios().get(2).value("ne")).isNaN();
    assertThat(result.scenarios().get(2).missing("ne")).isEqualTo("no positives");
    assertThat(result.scenarios().get(3).missing("ne")).isEqualTo("no rows");
  }

  /** The value is that of {@code src/test/python/delta_by_user.py}. */
  @Test
  void isTestedByUsersWithTheShareOfPositivesDrawnToo() {
    assertThat(new Ne().test().pValue(DeltaMethodTest.rows()))
        .isCloseTo(0.28089677625915, within(1e-7));
  }
}
