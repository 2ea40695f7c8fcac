package org.llm4msr.runtime.evaluation;

import java.util.ArrayList;
import java.util.List;
import org.llm4msr.runtime.evaluation.metric.MetricList;

/** Metrics of further labels as the texts of a table; headings of numbers start with {@code >}. */
public final class LabelMetricsTable {

  private final MetricTable table;

  /** Makes a table of metrics. */
  public LabelMetricsTable(MetricList metrics) {
    table = MetricTable.ofLabels(metrics);
  }

  /**
   * Returns a row for each label and scenario, and one for all rows of the label.
   *
   * @param names of the scenarios, by rank
   */
  public List<List<String>> rows(List<LabelMetrics> labels, List<String> names) {
    List<List<String>> rows = new ArrayList<>();
    for (LabelMetrics label : labels) {
      for (int rank = 0; rank < names.size(); rank++) {
        rows.add(table.row(label.scenarios().get(rank), label.label(), names.get(rank)));
      }
      rows.add(table.row(label.overall(), label.label(), Metrics.OVERALL));
    }
    return rows;
  }

  /** Returns the headings; {@code rows} is that of the scenarios or slices. */
  public List<String> headings(String rows) {
    return table.headings("label", rows);
  }

  /**
   * Returns a row for each label and slice.
   *
   * @param slicing the name of a way to divide the rows
   */
  public List<List<String>> slices(List<LabelMetrics> labels, String slicing) {
    List<List<String>> rows = new ArrayList<>();
    for (LabelMetrics label : labels) {
      label.slices().stream()
          .filter(sliced -> sliced.name().equals(slicing))
          .flatMap(sliced -> sliced.slices().stream())
          .forEach(slice -> rows.add(table.row(slice, label.label(), slice.name())));
    }
    return rows;
  }
}
