package org.llm4msr.server.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.server.replay.ReplayReport.Comparison;
import org.llm4msr.server.replay.ReplayReport.LabelComparison;

class ReplayReportTest {

  @Test
  void aTableHasEachScenarioAndLabelAndBelowItWhatIsLeftOut() {
    Comparison same = new Comparison(60, 1_200, 6e-8, 0, 1e-9, 1, null, Map.of(), List.of());
    Comparison others =
        new Comparison(
            7,
            90,
            .25,
            .125,
            .03,
            .876,
            null,
            Map.of("search", -.001, "feed", .02),
            List.of(new LabelComparison("likes", 80, .5, .04, -.03, null)));
    ReplayReport report =
        new ReplayReport("d", same, others, 1_000, 2, List.of("r1: no such user", "r2: why"), 3);

    assertThat(report.text())
        .isEqualTo(
            """
            ranked by      scenario     requests  items  largest difference  above 1e-6  mean difference  mean change  top 10 kept
            this bundle    all          60        1,200  6.0e-08             0.0%        1.0e-09                       100%
            other bundles  all          7         90     2.5e-01             12.5%       3.0e-02                       88%
                           feed                                                                           +2.0e-02
                           search                                                                         -1.0e-03
                           label likes            80     5.0e-01                         4.0e-02          -3.0e-02

            Left out, since they read vectors that the server was given: 1,000
            Items that cannot be read: 3
            Requests that cannot be ranked: 2
              r1: no such user
              r2: why""");
  }

  @Test
  void whatWasComparedInFullHasOnlyTheTable() {
    ReplayReport report = new ReplayReport("d", null, null, 0, 0, List.of(), 0);

    assertThat(report.text()).startsWith("ranked by  scenario  requests").hasLineCount(1);
  }
}
