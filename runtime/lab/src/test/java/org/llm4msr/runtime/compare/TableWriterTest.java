package org.llm4msr.runtime.compare;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.runtime.compare.ComparisonResult.Column;
import org.llm4msr.runtime.compare.ComparisonResult.Difference;
import org.llm4msr.runtime.compare.ComparisonResult.Model;
import org.llm4msr.runtime.compare.ComparisonResult.Rest;
import org.llm4msr.runtime.compare.ComparisonResult.Score;
import org.llm4msr.runtime.config.KnowledgeControl.Kind;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.experiment.Notice;

/** Tables for papers, with names that mean something to LaTeX, and what is said below them. */
class TableWriterTest {

  @TempDir Path folder;

  @Test
  void everyCharacterThatLatexReadsIsEscaped() {
    Model model =
        new Model(
            List.of("A\\B x^2", "50%} ~a", "{c}_$#&"),
            List.of(),
            true,
            List.of(),
            List.of(),
            List.of(new Score(1, 0.5, null, false, null, null)),
            0,
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
            List.of(),
            Map.of(),
            false,
            false,
            MeasuredLabel.MAIN,
            Measure.of(MetricList.STANDARD.auc()));

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
            List.of(),
            Map.of(),
            true,
            true,
            MeasuredLabel.MAIN,
            Measure.of(MetricList.STANDARD.auc()));
    TableWriter writer = new TableWriter(result);

    for (Notice notice : List.of(Notice.LEAK, Notice.HISTORY)) {
      assertThat(writer.latex()).contains("\n% NOTE: " + notice.text() + "\n");
      assertThat(writer.markdown()).contains("\nNOTE: " + notice.text() + "\n");
      assertThat(new ComparisonPage(result).page("", "").html())
          .contains("<p class=\"warning\">" + notice.text() + "</p>");
    }
  }

  @Test
  void textsAndFilesNameTheMetricAndItsTest() throws IOException {
    Score baseline = new Score(1, 0.7, null, false, null, null);
    Score better =
        new Score(1, 0.5, null, true, new Difference(-0.2, null, null, null, 0.01, true), null);
    ComparisonResult result =
        new ComparisonResult(
            "test",
            List.of(1L),
            List.of("model"),
            List.of(new Column("overall", 10)),
            List.of(
                new Model(
                    List.of("a"),
                    List.of(),
                    true,
                    List.of(),
                    List.of(),
                    List.of(baseline),
                    0,
                    null),
                new Model(
                    List.of("b"),
                    List.of(),
                    false,
                    List.of(),
                    List.of(),
                    List.of(better),
                    0,
                    null)),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            Map.of(),
            false,
            false,
            MeasuredLabel.MAIN,
            Measure.of(MetricList.STANDARD.required("logLoss", "metric")));
    TableWriter writer = new TableWriter(result);
    writer.writeAll(folder);

    assertThat(writer.markdown())
        .contains("| b | **0.5000**\\* |")
        .contains("LogLoss on the test part, mean of 1 seed. Lower is better. Bold: the best of")
        .contains("p < 0.05 by the delta method by users on the same rows, which tells nothing of");
    assertThat(writer.csv()).startsWith("model,scenario,rows,part,seeds,logLoss,deviation,");
    assertThat(writer.csv()).contains(",pTTest,pDelta,significant,");
    JsonNode file = new ObjectMapper().readTree(folder.resolve("comparison.json").toFile());
    assertThat(file.at("/models/1/scores/0/logLoss").doubleValue()).isEqualTo(.5);
    assertThat(file.at("/models/1/scores/0/difference/delta").doubleValue()).isEqualTo(.01);
    assertThat(file.at("/measure/name").asText()).isEqualTo("logLoss");
  }

  /** One seed without knowledge, two with it, and their control, of which one failed. */
  @Test
  void whatUsersShouldDoIsBelowTheTables() {
    Rest rest = new Rest(.05, .04, .06, .7, .61, .82);
    Rest unknown = new Rest(-.01, null, null, null, null, null);
    ComparisonResult result =
        new ComparisonResult(
            "test",
            List.of(1L, 2L),
            List.of("model"),
            List.of(new Column("feed", 4), new Column("overall", 10)),
            List.of(
                model("plain", 2, null, null),
                model("items", 0, null, null),
                model("items + shuffled", 1, unknown, rest)),
            List.of(),
            List.of(),
            List.of(Kind.SHUFFLED),
            List.of("users"),
            Map.of(),
            false,
            false,
            MeasuredLabel.MAIN,
            Measure.of(MetricList.STANDARD.auc()));
    TableWriter writer = new TableWriter(result);

    String markdown = writer.markdown();
    assertThat(markdown)
        .contains(
            "| items + shuffled | -0.0100; - | +0.0500 (+0.0400 to +0.0600); 70 % (61 to 82) |")
        .contains("\n- shuffled: each key reads the vector of another. It keeps the vectors")
        .contains("\nNo control: what users gained may be capacity")
        .contains(
            "\nStill improving at the last step: plain (2 of 2 runs), items + shuffled (1 of 2"
                + " runs). Raise training.epochs.\n");
    assertThat(markdown.split("70 %")).as("of the control alone").hasSize(2);
    assertThat(writer.csv())
        .contains("significant,knowledge,knowledgeLow,knowledgeHigh,share,shareLow,shareHigh,still")
        .contains(",0.05,0.04,0.06,0.7,0.61,0.82,1,");
    writer.writeAll(folder);
    assertThat(folder.resolve("report.html"))
        .content()
        .contains("<section id=\"controls\"")
        .contains("<td>+0.0500 (+0.0400 to +0.0600); 70 % (61 to 82)</td>")
        .contains("<p>shuffled: each key reads the vector of another.")
        .contains("<p class=\"warning\">No control: what users gained")
        .contains("<p class=\"warning\">Still improving at the last step: plain (2 of 2 runs)");
  }

  private static Model model(String name, int stillImproving, Rest ofFeed, Rest overall) {
    return new Model(
        List.of(name),
        List.of(),
        name.equals("plain"),
        List.of("a", "b"),
        List.of(),
        List.of(
            new Score(2, 0.5, 0.1, false, null, ofFeed),
            new Score(2, 0.5, 0.1, false, null, overall)),
        stillImproving,
        null);
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
  void tablesSayOfWhichLabelTheyAre() {
    ComparisonResult result =
        new ComparisonResult(
            "test",
            List.of(1L),
            List.of("model"),
            List.of(new Column("overall", 10)),
            List.of(
                new Model(
                    List.of("plain"),
                    List.of(),
                    true,
                    List.of(),
                    List.of(),
                    List.of(new Score(1, 0.5, null, false, null, null)),
                    0,
                    null)),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            Map.of(),
            false,
            false,
            "long_view",
            Measure.of(MetricList.STANDARD.auc()));
    new TableWriter(result).writeAll(folder);

    String legend = "AUC of the label long_view on the test part, mean of 1 seed.";
    assertThat(folder.resolve("table.md")).content().contains(legend);
    assertThat(folder.resolve("table.tex")).content().contains("% " + legend);
    assertThat(folder.resolve("report.html"))
        .content()
        .contains(legend, "<title>Comparison by the label long_view</title>");
    assertThat(folder.resolve("comparison.json")).content().contains("\"label\" : \"long_view\"");
    assertThat(folder.resolve("table.csv"))
        .content()
        .contains(",slicing,slice,label\n")
        .endsWith(",long_view\n");
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
            List.of(),
            Map.of(),
            false,
            false,
            MeasuredLabel.MAIN,
            Measure.of(MetricList.STANDARD.auc())),
        true);
  }
}
