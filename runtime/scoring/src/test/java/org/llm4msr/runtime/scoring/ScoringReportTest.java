package org.llm4msr.runtime.scoring;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.scoring.ScoringReport.RowProblem;

class ScoringReportTest {

  private static ScoringReport report(long resumedAt, long malformed, List<RowProblem> problems) {
    return new ScoringReport(
        Path.of("scores.csv"), 12_000, resumedAt, malformed, problems, 3_456.7, false, false);
  }

  @Test
  void rowsAndSpeedAreTold() {
    assertThat(report(0, 0, List.of()).text()).isEqualTo("scores.csv: 12,000 rows, 3,457 rows/s");
    assertThat(report(5_000, 0, List.of()).text())
        .isEqualTo("scores.csv: 12,000 rows (5,000 of them before), 3,457 rows/s");
  }

  @Test
  void theFirstProblemsAreNamedAndWhereTheOthersAre() {
    List<RowProblem> two =
        List.of(new RowProblem(3, "row 3: no user"), new RowProblem(8, "row 8: no item"));

    assertThat(report(0, 2, two).text())
        .isEqualTo(
            """
            scores.csv: 12,000 rows, 3,457 rows/s
            Rows that cannot be read and have no score: 2
              row 3: no user
              row 8: no item""");
    assertThat(report(0, 1_001, two).text())
        .contains("no score: 1,001\n")
        .endsWith("\n  row 8: no item\n  ... The column problem names them all.");
  }
}
