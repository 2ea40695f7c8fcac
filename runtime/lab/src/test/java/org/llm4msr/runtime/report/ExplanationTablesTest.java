package org.llm4msr.runtime.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.explanation.Explanation;
import org.llm4msr.runtime.explanation.Explanation.ExplainedRow;
import org.llm4msr.runtime.explanation.Explanation.Likeness;
import org.llm4msr.runtime.explanation.Explanation.ReadSequence;
import org.llm4msr.runtime.explanation.Explanation.ScenarioMeans;
import org.llm4msr.runtime.explanation.Explanation.ScenarioName;
import org.llm4msr.runtime.report.ExplanationTables.Part;
import org.llm4msr.runtime.terms.ScoreParts;

class ExplanationTablesTest {

  /** The cosine of scenarios a and b is 1 - |a - b| / 20; the last one has no vector. */
  private static Likeness likeness(int count) {
    List<List<@Nullable Double>> cosines = new ArrayList<>();
    for (int a = 0; a < count; a++) {
      List<@Nullable Double> row = new ArrayList<>();
      for (int b = 0; b < count; b++) {
        row.add(Math.max(a, b) == count - 1 ? null : (Double) (1 - Math.abs(a - b) / 20.0));
      }
      cosines.add(row);
    }
    return new Likeness("stored vectors", 1234, cosines);
  }

  private static Explanation explanation(int scenarios, List<ScenarioMeans> means) {
    return explanation(scenarios, List.of(), means);
  }

  private static Explanation explanation(
      int scenarios, List<ExplainedRow> rows, List<ScenarioMeans> means) {
    return new Explanation(
        "one",
        "hierarchical",
        List.of(Level.USER, Level.SCENARIO),
        "test",
        IntStream.range(0, scenarios)
            .mapToObj(rank -> new ScenarioName("" + rank, rank == 0 ? "feed" : "" + rank))
            .toList(),
        List.of(),
        List.of(likeness(scenarios)),
        List.of(),
        rows,
        means,
        Map.of("i3", "Vacation", "i7", "A title of more than forty characters, cut off"),
        false,
        false);
  }

  @Test
  void fewScenariosMakeASquare() {
    ExplanationTables tables = new ExplanationTables(explanation(3, List.of()));
    Part part = tables.likeness(likeness(3));

    assertThat(part.title())
        .isEqualTo("Cosines between the scenarios: stored vectors (1,234 numbers each)");
    assertThat(part.headings()).containsExactly("scenario", ">feed (0)", ">1", ">2");
    assertThat(part.rows())
        .containsExactly(
            List.of("feed (0)", "1.0000", "0.9500", "-"),
            List.of("1", "0.9500", "1.0000", "-"),
            List.of("2", "-", "-", "-"));
  }

  @Test
  void ofManyTheNearestAreNamed() {
    ExplanationTables tables = new ExplanationTables(explanation(13, List.of()));
    Part part = tables.likeness(likeness(13));

    assertThat(part.headings()).hasSize(2);
    assertThat(part.rows().get(0))
        .containsExactly("feed (0)", "1 (0.9500), 2 (0.9000), 3 (0.8500)");
    assertThat(part.rows().get(12)).containsExactly("12", "");
  }

  @Test
  void saysWhatIsNotRead() {
    assertThat(new ExplanationTables(explanation(2, List.of())).levels().text())
        .isEqualTo(
            "The model reads the knowledge of users and scenarios. It does not read that of"
                + " items.");
  }

  @Test
  void aTextHasThePartsIndentedBelowTheirTitles() {
    assertThat(new ExplanationTables(explanation(2, List.of())).text())
        .isEqualTo(
            """
            Run one, fusion head hierarchical
              The model reads the knowledge of users and scenarios. It does not read that of items.

            Cosines between the scenarios: stored vectors (1,234 numbers each)
              scenario  feed (0)  1
              feed (0)    1.0000  -
              1                -  -

            Scores
              The test part has no such rows. Choose another part with --split, or an item with --item.

            """);
  }

  @Test
  void saysThatAPartHasNoSuchRows() {
    assertThat(new ExplanationTables(explanation(2, List.of())).scores().get(0).text())
        .startsWith("The test part has no such rows. Choose another part with --split");
  }

  @Test
  void aShareOfNothingIsNoNumber() {
    ScoreParts parts =
        new ScoreParts(
            1,
            0.5,
            0,
            List.of(new ScoreParts.Term("h", 0, null)),
            List.of(new ScoreParts.Without("user", 0.5, 0, 0, null)));
    Explanation explanation = explanation(2, List.of(new ScenarioMeans(null, parts)));

    assertThat(new ExplanationTables(explanation).scores().get(0).rows())
        .containsExactly(
            List.of("overall, 1 row", "the model", "0.5000", "0.0000", "-", "-"),
            List.of("", "of it h", "-", "0.0000", "-", "-"),
            List.of("", "without user", "0.5000", "0.0000", "0.0000", "-"));
  }

  @Test
  void rowsShowTheNewestEventsOfTheirSequences() {
    ScoreParts parts = new ScoreParts(1, 0.5, 0, List.of(), List.of());
    List<ReadSequence> read =
        List.of(
            new ReadSequence("clicks", List.of("i7", "?"), true),
            new ReadSequence("likes", List.of(), true),
            new ReadSequence("views", List.of("i1", "i2", "i3", "i4", "i5", "i6", "i7"), false));
    ExplainedRow row = new ExplainedRow("17", "0", "i3", 1, parts, read);
    Explanation explanation = explanation(2, List.of(row), List.of(new ScenarioMeans(null, parts)));

    assertThat(new ExplanationTables(explanation).scores().get(0).rows())
        .containsExactly(
            List.of(
                "feed (0), item i3 (Vacation), label 1", "the model", "0.5000", "0.0000", "-", "-"),
            List.of(
                "",
                "clicks: i7 (A title of more than forty characters, c...), ?",
                "-",
                "-",
                "-",
                "-"),
            List.of("", "likes: no events", "-", "-", "-", "-"),
            List.of("", "views: i1, i2, i3, i4, i5 and 2 earlier", "-", "-", "-", "-"));
  }

  /** Off the diagonal, cosines reach from 0.9 to 0.95: their ends get the ends of the scale. */
  @Test
  void aHeatMapShowsTheRangeOffTheDiagonal() {
    Likeness likeness = likeness(4);
    String svg =
        new HeatMap("alike", "Alike", List.of("a", "b", "c", "d"), likeness.cosines()).svg();

    assertThat(svg.split("<rect", -1)).as("one a pair that has a cosine").hasSize(1 + 9);
    assertThat(opacity(svg, "a, c: 0.9000")).isEqualTo("0.08");
    assertThat(opacity(svg, "a, b: 0.9500")).isEqualTo("0.60");
    assertThat(opacity(svg, "a, a: 1.0000")).isEqualTo("0.60");
  }

  private static String opacity(String svg, String tip) {
    String before = svg.substring(0, svg.indexOf("<title>" + tip));
    String opacity = before.substring(before.lastIndexOf("fill-opacity=\"") + 14);
    return opacity.substring(0, opacity.indexOf('"'));
  }
}
