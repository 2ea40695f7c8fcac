package org.llm4msr.runtime.scoring;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.scoring.ScoringReport.RowProblem;

class ScoringReportTest {

  private static ScoringReport report(long resumedAt, long malformed, List<RowProblem> problems) {
    return report(resumedAt, malformed, problems, UnknownIds.NONE);
  }

  private static ScoringReport report(
      long resumedAt, long malformed, List<RowProblem> problems, UnknownIds unknown) {
    return new ScoringReport(
        Path.of("scores.csv"),
        12_000,
        resumedAt,
        malformed,
        problems,
        unknown,
        3_456.7,
        false,
        false);
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

  private static String idsOf(long malformed, long users, long items) {
    List<RowProblem> none = List.of();
    return report(0, malformed, none, new UnknownIds(users, items))
        .text()
        .lines()
        .skip(1)
        .findFirst()
        .orElse("");
  }

  @Test
  void rowsWhoseIdsAreNotKnownAreCounted() {
    assertThat(idsOf(0, 7, 1_200))
        .isEqualTo("7 of 12,000 rows name a user, 1,200 an item, that the model does not know.");
    assertThat(idsOf(0, 0, 3))
        .isEqualTo("3 of 12,000 rows name an item that the model does not know.");
    assertThat(idsOf(2_000, 1, 0))
        .isEqualTo("1 of 10,000 rows name a user that the model does not know.");
  }

  @Test
  void idsOfWhichNoneIsKnownAreWrittenOtherwise() {
    assertThat(idsOf(0, 12_000, 12_000))
        .isEqualTo(
            "12,000 of 12,000 rows name a user, 12,000 an item, that the model does not know. Write"
                + " ids as they are in the training data.");
  }
}
