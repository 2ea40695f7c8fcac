package org.llm4msr.runtime.evaluation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.evaluation.metric.Metric.Column;
import org.llm4msr.runtime.evaluation.metric.MetricList;

/** Metrics as the texts of a table; headings of numbers start with {@code >}. */
public final class MetricTable {

  private final List<Column> columns;
  private final String reason;

  private MetricTable(Stream<Column> columns, String reason) {
    this.columns = columns.toList();
    this.reason = reason;
  }

  /** Returns the table of a terminal. */
  public static MetricTable brief(MetricList metrics) {
    return new MetricTable(columns(metrics).filter(Column::brief), "(%s)");
  }

  /** Returns the table of a page. */
  public static MetricTable full(MetricList metrics) {
    return new MetricTable(columns(metrics), "%s");
  }

  private static Stream<Column> columns(MetricList metrics) {
    return metrics.metrics().stream().flatMap(metric -> metric.columns().stream());
  }

  /** Returns the table of a terminal or page that has labels and scenarios in one. */
  static MetricTable ofLabels(MetricList metrics) {
    return new MetricTable(
        columns(metrics)
            .filter(Column::brief)
            .filter(column -> !List.of("gaucUsers", "calibrationError").contains(column.key()))
            .map(
                column ->
                    column.key().equals("calibration")
                        ? new Column("mean prediction / label", column.key(), true)
                        : column),
        "(%s)");
  }

  /** Returns the headings, a new list; {@code first} are those of the names of rows. */
  public List<String> headings(String... first) {
    List<String> headings = new ArrayList<>(List.of(first));
    Collections.addAll(headings, ">rows", ">positives");
    columns.forEach(column -> headings.add(">" + column.heading()));
    return headings;
  }

  /** Returns a row, a new list; {@code first} are its names. */
  public List<String> row(Metrics metrics, String... first) {
    List<String> row = new ArrayList<>(List.of(first));
    Collections.addAll(row, text(metrics.rows()), text(metrics.positives()));
    for (Column column : columns) {
      // Where there is no AUC, it says why for all.
      String missing = column.equals(columns.get(0)) ? metrics.missing(column.key()) : null;
      row.add(
          missing == null ? text(metrics.figures().get(column.key())) : reason.formatted(missing));
    }
    return row;
  }

  private static String text(@Nullable Object value) {
    return value instanceof Long count
        ? String.format(Locale.ROOT, "%,d", count)
        : value instanceof Double number ? number(number) : "-";
  }

  /** Returns a number of a metric as a text. */
  public static String number(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.4f", value);
  }
}
