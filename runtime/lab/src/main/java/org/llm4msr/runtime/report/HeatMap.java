package org.llm4msr.runtime.report;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A square of numbers, the more of the page's first colour the larger; the diagonal, where all are
 * equal, does not set the scale.
 *
 * @param id of the chart, unique on the page
 * @param labels of rows and columns
 * @param values by row and column; null where there is none
 */
record HeatMap(String id, String title, List<String> labels, List<List<@Nullable Double>> values) {

  private static final double CELL = 56;
  private static final double LEFT = 270;
  private static final double TOP = 24;
  private static final int LONGEST_LABEL = 38;

  /** Colours are told apart down to this opacity. */
  private static final double FAINTEST = 0.08;

  /** With more cells, the numbers in them would not be legible; they are in the tips. */
  private static final int MOST_NUMBERED = 12;

  String svg() {
    int count = labels.size();
    double size = count > MOST_NUMBERED ? CELL * MOST_NUMBERED / count : CELL;
    Svg svg = new Svg(id, title, LEFT + count * size, TOP + count * size);
    for (int row = 0; row < count; row++) {
      svg.text("end", LEFT - 6, TOP + (row + 0.6) * size, shortened(row));
      if (count <= MOST_NUMBERED) {
        svg.text("middle", LEFT + (row + 0.5) * size, TOP - 8, String.valueOf(row + 1));
      }
      for (int column = 0; column < count; column++) {
        Double value = values.get(row).get(column);
        if (value != null) {
          cell(svg, row, column, value, size);
        }
      }
    }
    return svg.end();
  }

  private String shortened(int row) {
    String label = labels.get(row);
    String whole = row + 1 + " " + label;
    return whole.length() > LONGEST_LABEL ? whole.substring(0, LONGEST_LABEL - 1) + "…" : whole;
  }

  private void cell(Svg svg, int row, int column, double value, double size) {
    double x = LEFT + column * size;
    double y = TOP + row * size;
    String tip =
        String.format(Locale.ROOT, "%s, %s: %.4f", labels.get(row), labels.get(column), value);
    svg.shade(Svg.colour(0), opacity(value), x, y, size - 1, tip);
    if (labels.size() <= MOST_NUMBERED) {
      svg.text("middle", x + size / 2, y + size * 0.6, String.format(Locale.ROOT, "%.3f", value));
    }
  }

  private double opacity(double value) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (int row = 0; row < values.size(); row++) {
      for (int column = 0; column < values.size(); column++) {
        Double other = values.get(row).get(column);
        if (row != column && other != null) {
          low = Math.min(low, other);
          high = Math.max(high, other);
        }
      }
    }
    double place = high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 1;
    return FAINTEST + (0.6 - FAINTEST) * place;
  }
}
