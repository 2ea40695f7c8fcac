package org.llm4msr.runtime.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.compare.ComparisonResult.Column;
import org.llm4msr.runtime.compare.ComparisonResult.Model;
import org.llm4msr.runtime.compare.ComparisonResult.Score;
import org.llm4msr.runtime.experiment.Notice;

/** Tables for papers, with names that mean something to LaTeX, and what is said below them. */
class TableWriterTest {

  @Test
  void everyCharacterThatLatexReadsIsEscaped() {
    Model model =
        new Model(
            List.of("A\\B x^2", "50%} ~a", "{c}_$#&"),
            List.of(),
            true,
            List.of(),
            List.of(),
            List.of(new Score(1, 0.5, null, false, null)),
            null);
    ComparisonResult result =
        new ComparisonResult(
            "test",
            List.of(1L),
            List.of("a_b", "plain", "c"),
            List.of(new Column("all", 10)),
            List.of(model),
            List.of(),
            List.of(),
            List.of(),
            Map.of(),
            false,
            false);

    assertThat(new TableWriter(result).latex())
        .contains("a\\_b & plain & c & all \\\\\n")
        .contains(
            "A\\textbackslash{}B x\\textasciicircum{}2"
                + " & 50\\%\\} \\textasciitilde{}a"
                + " & \\{c\\}\\_\\$\\#\\& & 0.5000");
  }

  @Test
  void bothNoticesAreBesideTheTables() {
    ComparisonResult result =
        new ComparisonResult(
            "test",
            List.of(1L),
            List.of("plain"),
            List.of(new Column("all", 10)),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            Map.of(),
            true,
            true);
    TableWriter writer = new TableWriter(result);

    for (Notice notice : Notice.values()) {
      assertThat(writer.latex()).contains("\n% NOTE: " + notice.text() + "\n");
      assertThat(writer.markdown()).contains("\nNOTE: " + notice.text() + "\n");
      assertThat(new ComparisonPage(result).page("").html())
          .contains("<p class=\"warning\">" + notice.text() + "</p>");
    }
  }

  /** DeLong's test is not made above 20 million rows, and the t-test not with one seed. */
  @Test
  void theLegendNamesTheTestsThatWereMade() {
    assertThat(legend(100, 1L, 2L)).contains("t-test over the seeds and DeLong's test");
    assertThat(legend(100, 1L)).contains("by DeLong's test").contains("nothing of other seeds");
    assertThat(legend(20_000_001, 1L, 2L)).contains("by a paired t-test over the seeds;");
    assertThat(legend(20_000_001, 1L)).contains("no difference is tested").doesNotContain("*");
  }

  @Test
  void aTinyPValueIsNotZero() {
    assertThat(CellFormat.p(2e-9)).isEqualTo("<.0001");
    assertThat(CellFormat.p(0.0001)).isEqualTo("0.0001");
    assertThat(CellFormat.p(null)).isEqualTo("-");
  }

  private static String legend(long rows, Long... seeds) {
    return CellFormat.legend(
        new ComparisonResult(
            "test",
            List.of(seeds),
            List.of(),
            List.of(new Column("overall", rows)),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            Map.of(),
            false,
            false),
        true);
  }
}
