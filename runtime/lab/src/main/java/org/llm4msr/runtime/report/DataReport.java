package org.llm4msr.runtime.report;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Labels;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Period;
import org.llm4msr.runtime.data.inspection.PreparedSummary.ScenarioSummary;
import org.llm4msr.runtime.report.BarChart.Bar;
import org.llm4msr.runtime.report.DataTables.ReportTable;
import org.llm4msr.runtime.report.LineChart.Point;
import org.llm4msr.runtime.report.LineChart.Series;

/** Charts and tables of prepared data. */
public final class DataReport {

  /** More lines than this hide each other. */
  private static final int MOST_LINES = 8;

  private static final double MILLIS_A_DAY = 8.64e7;

  private final PreparedSummary summary;

  private DataReport(PreparedSummary summary) {
    this.summary = summary;
  }

  /** Returns a page that covers only prepared data. */
  public static Page page(PreparedSummary summary) {
    return new Page("Prepared data", List.of(), List.of(section(summary)));
  }

  /** Returns the part of a page on prepared data. */
  static Section section(PreparedSummary summary) {
    return new Section("data", "Data", new DataReport(summary).html());
  }

  private String html() {
    DataTables tables = new DataTables(summary);
    StringBuilder html = new StringBuilder(Html.note(tables.head()));
    html.append(interactions()).append(overTime());
    for (ReportTable table : tables.all()) {
      html.append("<h3 id=\"data-%s\">%s</h3>\n".formatted(table.id(), Html.escape(table.title())));
      html.append(Html.table(table.headings(), table.rows()));
    }
    return html.toString();
  }

  private String interactions() {
    List<Bar> bars =
        summary.scenarios().stream()
            .map(
                scenario -> {
                  Long logged = scenario.all().labels().logged();
                  long rows = logged == null ? scenario.all().labels().rows() : logged;
                  return Bar.of(
                      scenario.name(), (double) rows, String.format(Locale.ROOT, "%,d", rows));
                })
            .toList();
    String label = "rows of all parts, without drawn negatives";
    return new BarChart("data-rows", "Interactions", label, 0, bars).svg();
  }

  private String overTime() {
    List<Period> periods = summary.periods();
    if (periods.isEmpty()) {
      return "";
    }
    List<Series> series =
        new ArrayList<>(List.of(series("overall", periods.stream().map(Period::all))));
    List<ScenarioSummary> scenarios = summary.scenarios();
    if (scenarios.size() > 1 && scenarios.size() < MOST_LINES) {
      IntStream.range(0, scenarios.size())
          .mapToObj(
              s ->
                  series(
                      scenarios.get(s).name(),
                      periods.stream().map(period -> period.scenarios().get(s))))
          .forEach(series::add);
    }
    String label = "days since " + periods.get(0).from();
    return new LineChart("data-labels", "Labels over time", label, "share of positives", series)
        .svg();
  }

  private Series series(String name, Stream<Labels> labels) {
    Instant begin = Instant.parse(summary.periods().get(0).from());
    List<Labels> all = labels.toList();
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      Duration since = Duration.between(begin, Instant.parse(summary.periods().get(i).from()));
      Double share = all.get(i).positiveShare();
      points.add(new Point(since.toMillis() / MILLIS_A_DAY, share == null ? Double.NaN : share));
    }
    return new Series(name, points);
  }
}
