package org.llm4msr.runtime.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/**
 * Lines over one axis.
 *
 * @param id of the chart, unique on the page
 * @param xLabel label of the x axis, with its unit
 * @param yLabel label of the y axis, with its unit
 */
record LineChart(String id, String title, String xLabel, String yLabel, List<Series> series) {

  private static final double WIDTH = 960;
  private static final double HEIGHT = 400;
  private static final double LEFT = 80;
  private static final double RIGHT = 20;
  private static final double TOP = 12;
  private static final double BOTTOM = 46;
  private static final double LEGEND = 18;

  private static final MathContext DIGITS = new MathContext(5);

  /** More points than this are thinned out: a picture shows no more. */
  private static final int MOST_POINTS = 400;

  /** Up to this many points are marked. */
  private static final int MARKED = 40;

  public LineChart {
    series = series.stream().map(Series::shown).filter(line -> !line.points().isEmpty()).toList();
  }

  /** A place in a chart. */
  public record Point(double x, double y) {

    private boolean isKnown() {
      return Double.isFinite(x) && Double.isFinite(y);
    }
  }

  /** One line. */
  public record Series(String name, List<Point> points) {

    public Series {
      points = List.copyOf(points);
    }

    /** Returns the mean of lines, at each x where all of them have a value. */
    static Series mean(String name, List<Series> lines) {
      Map<Double, List<Double>> values = new TreeMap<>();
      for (Series line : lines) {
        Map<Double, Double> last = new TreeMap<>();
        line.points().stream()
            .filter(Point::isKnown)
            .forEach(point -> last.put(point.x(), point.y()));
        last.forEach((x, y) -> values.computeIfAbsent(x, key -> new ArrayList<>()).add(y));
      }
      List<Point> means = new ArrayList<>();
      values.forEach(
          (x, all) -> {
            if (all.size() == lines.size()) {
              means.add(new Point(x, all.stream().mapToDouble(y -> y).average().orElseThrow()));
            }
          });
      return new Series(name, means);
    }

    /** Returns the points that have a value, at most as many as a picture can show. */
    private Series shown() {
      List<Point> known = points.stream().filter(Point::isKnown).toList();
      int every = known.size() / MOST_POINTS + 1;
      List<Point> kept = new ArrayList<>();
      for (int i = 0; i < known.size(); i++) {
        if (i % every == 0 || i == known.size() - 1) {
          kept.add(known.get(i));
        }
      }
      return new Series(name, kept);
    }
  }

  /** Returns the picture; empty if there is no point. */
  public String svg() {
    if (series.isEmpty()) {
      return "";
    }
    double bottom = HEIGHT - BOTTOM;
    double height = HEIGHT + (series.size() > 1 ? LEGEND * series.size() : 0);
    Svg svg = new Svg(id, title, WIDTH, height);
    AxisScale x = scale(Point::x, LEFT, WIDTH - RIGHT);
    AxisScale y = scale(Point::y, bottom, TOP);
    for (double tick : y.ticks()) {
      svg.line("grid", LEFT, y.at(tick), WIDTH - RIGHT, y.at(tick));
      svg.text("end", LEFT - 6, y.at(tick) + 4, y.label(tick));
    }
    for (double tick : x.ticks()) {
      svg.line("axis", x.at(tick), bottom, x.at(tick), bottom + 4);
      svg.text("middle", x.at(tick), bottom + 17, x.label(tick));
    }
    svg.line("axis", LEFT, bottom, WIDTH - RIGHT, bottom);
    svg.text("middle", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, xLabel);
    svg.upright(16, (TOP + bottom) / 2, yLabel);
    for (int i = 0; i < series.size(); i++) {
      draw(svg, series.get(i), Svg.colour(i), x, y);
      if (series.size() > 1) {
        double line = HEIGHT + LEGEND * i + 4;
        svg.line("line " + Svg.colour(i), LEFT, line, LEFT + 22, line);
        svg.text("start", LEFT + 28, line + 4, series.get(i).name());
      }
    }
    addTips(svg, x, bottom);
    return svg.end();
  }

  /** Shows at each x what the lines are there; the area of an x reaches half way to the next. */
  private void addTips(Svg svg, AxisScale scale, double bottom) {
    SortedMap<Double, List<String>> tips = new TreeMap<>();
    for (Series line : series) {
      for (Point point : line.points()) {
        tips.computeIfAbsent(point.x(), x -> new ArrayList<>(List.of(xLabel + ": " + shown(x))))
            .add(line.name() + ": " + shown(point.y()));
      }
    }
    double[] places = tips.keySet().stream().mapToDouble(scale::at).toArray();
    int i = 0;
    for (List<String> tip : tips.values()) {
      double from = i == 0 ? LEFT : (places[i - 1] + places[i]) / 2;
      double to = i == places.length - 1 ? WIDTH - RIGHT : (places[i] + places[i + 1]) / 2;
      svg.hover(from, TOP, to - from, bottom - TOP, String.join("\n", tip));
      i++;
    }
  }

  /** Returns a number as text, of a fraction at most five digits. */
  private static String shown(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? String.format(Locale.ROOT, "%,d", (long) value)
        : new BigDecimal(value, DIGITS).stripTrailingZeros().toPlainString();
  }

  private AxisScale scale(ToDoubleFunction<Point> part, double from, double to) {
    DoubleSummaryStatistics values =
        series.stream()
            .flatMap(line -> line.points().stream())
            .mapToDouble(part)
            .summaryStatistics();
    return AxisScale.of(values.getMin(), values.getMax(), from, to);
  }

  private static void draw(Svg svg, Series line, String colour, AxisScale x, AxisScale y) {
    svg.path(
        colour,
        line.points().stream()
            .flatMapToDouble(point -> DoubleStream.of(x.at(point.x()), y.at(point.y())))
            .toArray());
    if (line.points().size() <= MARKED) {
      line.points().forEach(point -> svg.dot(colour, x.at(point.x()), y.at(point.y())));
    }
  }
}
