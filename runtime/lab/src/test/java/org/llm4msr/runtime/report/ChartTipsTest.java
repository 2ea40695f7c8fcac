package org.llm4msr.runtime.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.report.BarChart.Bar;
import org.llm4msr.runtime.report.LineChart.Point;
import org.llm4msr.runtime.report.LineChart.Series;

/** What charts say under the pointer. */
class ChartTipsTest {

  private static final Pattern HOVER =
      Pattern.compile(
          "<rect class=\"hover\" x=\"([\\d.]+)\" y=\"[\\d.]+\""
              + " width=\"([\\d.]+)\"[^>]*><title>([^<]*)</title>");

  private static List<MatchResult> hovers(String svg) {
    return HOVER.matcher(svg).results().toList();
  }

  private static double number(MatchResult hover, int group) {
    return Double.parseDouble(hover.group(group));
  }

  /** From 80 to 940 are 0 to 200: the second point is at 510. */
  @Test
  void linesTellTheirValuesFromHalfWayToHalfWay() {
    Series loss =
        new Series(
            "loss", List.of(new Point(0, 0.693147), new Point(100, 0.5), new Point(200, 0.25)));
    Series auc = new Series("AUC", List.of(new Point(100, 0.712345678)));

    List<MatchResult> hovers =
        hovers(new LineChart("c", "C", "step", "value", List.of(loss, auc)).svg());

    assertThat(hovers)
        .extracting(hover -> hover.group(3))
        .containsExactly(
            "step: 0\nloss: 0.69315",
            "step: 100\nloss: 0.5\nAUC: 0.71235",
            "step: 200\nloss: 0.25");
    assertThat(hovers).extracting(hover -> number(hover, 1)).containsExactly(80.0, 295.0, 725.0);
    assertThat(hovers).extracting(hover -> number(hover, 2)).containsExactly(215.0, 430.0, 215.0);
  }

  @Test
  void manyPointsHaveTipsToo() {
    List<Point> points =
        DoubleStream.iterate(1, step -> step <= 300, step -> step + 1)
            .mapToObj(step -> new Point(step, 1 / step))
            .toList();

    String svg =
        new LineChart("c", "C", "step", "value", List.of(new Series("line", points))).svg();

    assertThat(hovers(svg)).hasSize(300);
    assertThat(svg).doesNotContain("<circle");
  }

  /** The plot is 342 high from 12: the line is near 183. */
  @Test
  void aConstantLearningRateIsInMidChart() {
    Series rate = new Series("rate", List.of(new Point(50, 0.00888), new Point(100, 0.00888)));

    String svg = new LineChart("c", "C", "step", "rate", List.of(rate)).svg();

    MatchResult path =
        Pattern.compile("M[\\d.]+ ([\\d.]+)L[\\d.]+ ([\\d.]+)")
            .matcher(svg)
            .results()
            .findFirst()
            .get();
    assertThat(number(path, 1)).isEqualTo(number(path, 2)).isBetween(150.0, 220.0);
  }

  @Test
  void barsTellTheirIntervals() {
    Bar bar = new Bar("feed", 0.7, 0.65, 0.75, "0.7000");

    String svg =
        new BarChart("b", "B", "AUC", 0.5, List.of(bar, Bar.of("search", 0.6, "0.6000"))).svg();

    assertThat(hovers(svg))
        .extracting(hover -> hover.group(3))
        .containsExactly("feed: 0.7000 (0.6500 to 0.7500)", "search: 0.6000");
  }

  /** Without rows, the bars have no length, and the axis begins where they do. */
  @Test
  void barsOfNothingBeginAtTheAxis() {
    String svg = new BarChart("b", "B", "rows", 0, List.of(Bar.of("feed", 0, "0"))).svg();

    assertThat(svg).contains("<rect class=\"fill c0\" x=\"270.0\" y=\"4.0\" width=\"0.0\"");
  }
}
