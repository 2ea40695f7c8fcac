package org.llm4msr.runtime.report;

import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * Horizontal bars, one per line, with intervals where they are known.
 *
 * @param id of the chart, unique on the page
 * @param label the measured quantity, with its unit
 * @param base where the bars begin
 */
public record BarChart(String id, String title, String label, double base, List<Bar> bars) {

  private static final double WIDTH = 960;
  private static final double LEFT = 270;
  private static final double RIGHT = 100;
  private static final double LINE = 28;
  private static final double THICK = 18;
  private static final double BOTTOM = 46;
  private static final int LONGEST_NAME = 38;

  public BarChart {
    bars = bars.stream().filter(bar -> Double.isFinite(bar.value())).toList();
  }

  /**
   * One bar.
   *
   * @param text its value as text
   * @param low end of its interval; the value itself if there is none
   * @param high other end of its interval; the value itself if there is none
   */
  public record Bar(String name, double value, double low, double high, String text) {

    /** Makes a bar without an interval. */
    public static Bar of(String name, double value, String text) {
      return new Bar(name, value, value, value, text);
    }
  }

  /** Returns the picture; empty if there is no bar. */
  public String svg() {
    if (bars.isEmpty()) {
      return "";
    }
    double bottom = LINE * bars.size() + 6;
    Svg svg = new Svg(id, title, WIDTH, bottom + BOTTOM);
    AxisScale scale = scale();
    for (double tick : scale.ticks()) {
      svg.line("grid", scale.at(tick), 0, scale.at(tick), bottom);
      svg.text("middle", scale.at(tick), bottom + 16, scale.label(tick));
    }
    svg.text("middle", (LEFT + WIDTH - RIGHT) / 2, bottom + BOTTOM - 8, label);
    for (int i = 0; i < bars.size(); i++) {
      draw(svg, bars.get(i), LINE * i + 4, scale);
    }
    svg.line("axis", scale.at(base), 0, scale.at(base), bottom);
    return svg.end();
  }

  private AxisScale scale() {
    double low =
        bars.stream()
            .flatMapToDouble(bar -> DoubleStream.of(bar.low(), bar.value()))
            .min()
            .orElseThrow();
    double high =
        bars.stream()
            .flatMapToDouble(bar -> DoubleStream.of(bar.high(), bar.value()))
            .max()
            .orElseThrow();
    double most = Math.max(base, high);
    boolean isFlat = Math.min(base, low) == most;
    return AxisScale.of(
        Math.min(base, low), isFlat ? most + Math.max(most, 1) : most, LEFT, WIDTH - RIGHT);
  }

  private void draw(Svg svg, Bar bar, double top, AxisScale scale) {
    double from = scale.at(Math.min(base, bar.value()));
    double to = scale.at(Math.max(base, bar.value()));
    double middle = top + THICK / 2;
    svg.text("end", LEFT - 8, middle + 4, shortened(bar.name()));
    svg.bar("c0", from, top, to - from, THICK);
    String tip = bar.name() + ": " + bar.text();
    if (bar.high() > bar.low()) {
      tip += String.format(Locale.ROOT, " (%.4f to %.4f)", bar.low(), bar.high());
      svg.line("interval", scale.at(bar.low()), middle, scale.at(bar.high()), middle);
      svg.line("interval", scale.at(bar.low()), middle - 4, scale.at(bar.low()), middle + 4);
      svg.line("interval", scale.at(bar.high()), middle - 4, scale.at(bar.high()), middle + 4);
    }
    svg.text("start", WIDTH - RIGHT + 8, middle + 4, bar.text());
    svg.hover(0, top - 4, WIDTH, LINE, tip);
  }

  private static String shortened(String name) {
    return name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME - 1) + "…";
  }
}
