package org.llm4msr.runtime.compare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hipparchus.distribution.continuous.TDistribution;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.compare.ComparisonResult.Model;
import org.llm4msr.runtime.compare.ComparisonResult.Score;
import org.llm4msr.runtime.report.BarChart;
import org.llm4msr.runtime.report.BarChart.Bar;
import org.llm4msr.runtime.report.Html;
import org.llm4msr.runtime.report.Neighbours;
import org.llm4msr.runtime.report.Page;
import org.llm4msr.runtime.report.Section;
import org.llm4msr.runtime.report.SideBySide;

/** The page on a comparison: its table, and charts of the models of each group side by side. */
final class ComparisonPage {

  private static final double UPPER = 0.975;
  private static final double CHANCE = 0.5;
  private static final String INTERVALS =
      "Intervals of 95 % by Hanley and McNeil: the variation over other rows of such data. They"
          + " treat rows as independent, so they are too narrow if users have many rows. ";

  private final ComparisonResult result;
  private final Map<List<String>, List<Model>> groups = new LinkedHashMap<>();

  ComparisonPage(ComparisonResult result) {
    this.result = result;
    result.models().stream()
        .filter(model -> !model.folders().isEmpty())
        .forEach(
            model -> groups.computeIfAbsent(model.group(), key -> new ArrayList<>()).add(model));
  }

  /**
   * Returns the page.
   *
   * @param table as HTML
   * @param controls what they tell of the gains, as HTML
   */
  Page page(String table, String controls) {
    boolean main = result.measured().isMain();
    return new Page(
        "Comparison" + (main ? "" : " by the label " + result.label()),
        result.notices(),
        List.of(
            new Section("table", "Table", table),
            new Section("controls", "Knowledge or capacity", controls),
            new Section("auc", result.measure().title() + " per scenario", bars()),
            new Section(
                "curves",
                main ? "Learning curves" : "Learning curves of the main label",
                groups(SideBySide::validation)),
            new Section("calibration", "Calibration", groups(SideBySide::calibration)),
            new Section("watched", "Watched parameters over training", groups(SideBySide::watched)),
            new Section(
                "neighbours",
                "Nearest scenarios in knowledge space",
                Neighbours.table(result.neighbours())),
            new Section("stages", "Time and memory", stages()),
            new Section(
                "configuration",
                "Configuration and provenance",
                groups((charts, title) -> charts.configurations()))));
  }

  private interface Chart {
    String of(SideBySide charts, String title);
  }

  /** Returns one chart per group. */
  private String groups(Chart chart) {
    StringBuilder html = new StringBuilder();
    int number = 0;
    for (Map.Entry<List<String>, List<Model>> group : groups.entrySet()) {
      String title = String.join(" + ", group.getKey());
      String shown = title.isEmpty() ? "All models" : title;
      html.append(chart.of(charts(String.valueOf(number++), group.getValue()), shown));
    }
    return html.toString();
  }

  private SideBySide charts(String id, List<Model> models) {
    return new SideBySide(
        id,
        result.part(),
        result.label(),
        result.measure().name(),
        result.measure().title(),
        models.stream()
            .map(
                model ->
                    new SideBySide.Model(
                        name(model), model.folders().stream().map(Path::of).toList()))
            .toList());
  }

  private static String name(Model model) {
    return Cell.name(model.labels());
  }

  private String bars() {
    boolean seeds = result.seeds().size() > 1;
    boolean auc = result.measure().isAuc();
    StringBuilder html = new StringBuilder();
    int columns = result.columns().size();
    for (int shown = 0; shown < columns; shown++) {
      int column = (shown + columns - 1) % columns; // All rows together come first.
      html.append(
          new BarChart(
                  "auc-" + column,
                  result.columns().get(column).name(),
                  auc ? "AUC; 0.5 is chance" : result.measure().title(),
                  auc ? CHANCE : 0,
                  seeds || !auc ? overSeeds(column) : overRows(result.columns().get(column).name()))
              .svg());
    }
    return html.append(
            Html.note(
                seeds
                    ? "Intervals of 95 % by Student's t over the seeds."
                    : (auc ? INTERVALS : "") + "A single seed says nothing about other seeds."))
        .toString();
  }

  private List<Bar> overSeeds(int column) {
    List<Bar> bars = new ArrayList<>();
    for (Model model : result.models()) {
      Score score = model.scores().get(column);
      Double value = score.value();
      if (value != null) {
        double half = half(score.seeds(), score.deviation());
        bars.add(new Bar(name(model), value, value - half, value + half, CellFormat.value(value)));
      }
    }
    return bars;
  }

  private static double half(int seeds, @Nullable Double deviation) {
    return deviation == null
        ? 0
        : new TDistribution(seeds - 1).inverseCumulativeProbability(UPPER)
            * deviation
            / Math.sqrt(seeds);
  }

  private List<Bar> overRows(String scenario) {
    List<Model> models = groups.values().stream().flatMap(List::stream).toList();
    return charts("rows", models).bars(scenario);
  }

  private String stages() {
    List<Bar> seconds = new ArrayList<>();
    for (Model model : result.models()) {
      Double mean = model.seconds();
      if (mean != null) {
        seconds.add(Bar.of(name(model), mean, CellFormat.seconds(mean) + " s"));
      }
    }
    return new BarChart("stage-time", "Training, mean of the seeds", "seconds", 0, seconds).svg()
        + groups((charts, title) -> charts.costs());
  }
}
