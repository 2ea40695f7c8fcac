package org.llm4msr.runtime.report;

import java.util.Locale;

/** A picture being drawn. Its title is its accessible name; colours are classes of the page. */
final class Svg {

  /** Colours of the page, which repeat. */
  private static final int COLOURS = 8;

  private final StringBuilder xml = new StringBuilder();

  /**
   * Begins a picture.
   *
   * @param id of its title, unique on the page
   */
  Svg(String id, String title, double width, double height) {
    xml.append(
        format(
            "<figure><figcaption id=\"%s\">%s</figcaption>\n"
                + "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"%s\""
                + " viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\">\n",
            Html.escape(id), Html.escape(title), Html.escape(id), width, height, width));
  }

  static String colour(int number) {
    return "c" + number % COLOURS;
  }

  private static String format(String form, Object... values) {
    return String.format(Locale.ROOT, form, values);
  }

  void line(String style, double x1, double y1, double x2, double y2) {
    xml.append(
        format(
            "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
            style, x1, y1, x2, y2));
  }

  /** Draws a line through points: x and y in turn. */
  void path(String style, double... points) {
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < points.length; i += 2) {
      path.append(format("%s%.1f %.1f", i == 0 ? "M" : "L", points[i], points[i + 1]));
    }
    xml.append(format("<path class=\"line %s\" d=\"%s\"/>\n", style, path));
  }

  void dot(String style, double x, double y) {
    xml.append(
        format("<circle class=\"fill %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>\n", style, x, y));
  }

  void bar(String style, double x, double y, double width, double height) {
    xml.append(
        format(
            "<rect class=\"fill %s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
            style, x, y, width, height));
  }

  /**
   * Adds an area that shows a text when the pointer is on it; it must come after what it covers.
   */
  void hover(double x, double y, double width, double height, String tip) {
    xml.append(
        format(
            "<rect class=\"hover\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\""
                + " height=\"%.1f\"><title>%s</title></rect>\n",
            x, y, width, height, Html.escape(tip)));
  }

  /**
   * Draws a square.
   *
   * @param opacity of its colour, 0 to 1
   */
  void shade(String style, double opacity, double x, double y, double size, String tip) {
    xml.append(
        format(
            "<rect class=\"fill %s\" fill-opacity=\"%.2f\" x=\"%.1f\" y=\"%.1f\""
                + " width=\"%.1f\" height=\"%.1f\"><title>%s</title></rect>\n",
            style, opacity, x, y, size, size, Html.escape(tip)));
  }

  /**
   * Writes.
   *
   * @param anchor the part of the text that is placed at x: start, middle or end
   */
  void text(String anchor, double x, double y, String text) {
    xml.append(
        format(
            "<text text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
            anchor, x, y, Html.escape(text)));
  }

  /** Writes from bottom to top. */
  void upright(double x, double y, String text) {
    xml.append(
        format(
            "<text text-anchor=\"middle\" transform=\"translate(%.1f %.1f)"
                + " rotate(-90)\">%s</text>\n",
            x, y, Html.escape(text)));
  }

  String end() {
    return xml.append("</svg></figure>\n").toString();
  }
}
