package org.llm4msr.runtime.evaluation.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.Metrics;

class UaucTest {

  /** AUCs 1 of two rows and, with a tie, 1.5 / 2 of three: each user counts once. */
  @Test
  void isTheMeanOverUsersWhateverTheirRows() {
    Metric.State state = new Uauc().newState();
    state.add(.8f, false);
    state.add(.9f, true);
    state.endUser();
    state.add(.1f, false);
    state.add(.7f, false);
    state.add(.7f, true);
    state.endUser();
    state.add(.3f, true);
    state.endUser();

    Figures figures = new Figures();
    state.write(figures);
    assertThat(figures.values())
        .containsEntry("uauc", .875)
        .containsEntry("uaucMissing", null)
        .containsEntry("uaucUsers", 2L)
        .containsEntry("uaucLeftOut", 1L);
  }

  @Test
  void agreesWithTheAucsOfScikitLearn() throws IOException {
    EvaluationResult result = ScikitLearn.evaluated();

    Metrics overall = result.overall();
    assertThat(overall.value("uauc"))
        .isCloseTo(ScikitLearn.overall().get("uauc").doubleValue(), within(1e-12));
    assertThat(overall.count("uaucUsers")).isEqualTo(59);
    assertThat(overall.count("uaucLeftOut")).isEqualTo(1);
    Metrics search = result.scenarios().get(1);
    assertThat(search.value("uauc"))
        .isCloseTo(ScikitLearn.scenario("search").get("uauc").doubleValue(), within(1e-12));
    assertThat(search.count("uaucLeftOut"))
        .isEqualTo(ScikitLearn.scenario("search").get("uaucLeftOut").longValue());
  }

  @Test
  void saysWhyItIsMissing() throws IOException {
    EvaluationResult result = ScikitLearn.evaluated();

    Metrics oneClass = result.scenarios().get(2);
    assertThat(oneClass.value("uauc")).isNaN();
    assertThat(oneClass.missing("uauc")).isEqualTo("no user has rows of both classes");
    assertThat(oneClass.count("uaucLeftOut")).isEqualTo(23);
    assertThat(result.scenarios().get(3).missing("uauc")).isEqualTo("no rows");
  }

  /** The value is that of {@code src/test/python/delta_by_user.py}. */
  @Test
  void isTestedByUsers() {
    assertThat(new Uauc().test().pValue(DeltaMethodTest.rows()))
        .isCloseTo(0.8601410998064422, within(1e-7));
  }
}
