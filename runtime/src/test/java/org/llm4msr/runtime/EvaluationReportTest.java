package org.llm4msr.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.data.PreparedScenario;
import org.llm4msr.runtime.data.SplitCounts;

class EvaluationReportTest {

  private static PreparedScenario scenario(String key, String name) {
    return new PreparedScenario(key, name, "", new SplitCounts(1, 1, 1));
  }

  @Test
  void titlesTellScenariosOfOneNameApartAndFromAllRows() {
    assertThat(
            EvaluationReport.titles(
                List.of(
                    scenario("a", "Feed"),
                    scenario("b", "Same"),
                    scenario("c", "Same"),
                    scenario("d", "overall"))))
        .containsExactly("Feed", "Same (b)", "Same (c)", "overall (d)");
  }
}
