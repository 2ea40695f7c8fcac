package org.llm4msr.runtime.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Metrics of further labels as the texts of a table; headings of numbers start with {@code >}. */
public final class LabelMetricsTable {

  /** The headings. */
  public static final List<String> HEADINGS =
      List.of(
          "label",
          "scenario",
          ">rows",
          ">positives",
          ">AUC",
          ">GAUC",
          ">of rows",
          ">LogLoss",
          ">constant",
          ">mean prediction / label");

  private LabelMetricsTable() {}

  /**
   * Returns a row for each label and scenario, and one for all rows of the label.
   *
   * @param names of the scenarios, by rank
   */
  public static List<List<String>> rows(List<LabelMetrics> labels, List<String> names) {
    List<List<String>> rows = new ArrayList<>();
    for (LabelMetrics label : labels) {
      for (int rank = 0; rank < names.size(); rank++) {
        rows.add(row(label.label(), names.get(rank), label.scenarios().get(rank)));
      }
      rows.add(row(label.label(), Metrics.OVERALL, label.overall()));
    }
    return rows;
  }

  /** Returns the headings with another one in place of the scenario. */
  public static List<String> headings(String title) {
    List<String> headings = new ArrayList<>(HEADINGS);
    headings.set(1, title);
    return headings;
  }

  /**
   * Returns a row for each label and slice.
   *
   * @param slicing the name of a way to divide the rows
   */
  public static List<List<String>> slices(List<LabelMetrics> labels, String slicing) {
    List<List<String>> rows = new ArrayList<>();
    for (LabelMetrics label : labels) {
      label.slices().stream()
          .filter(sliced -> sliced.name().equals(slicing))
          .flatMap(sliced -> sliced.slices().stream())
          .forEach(slice -> rows.add(row(label.label(), slice.name(), slice)));
    }
    return rows;
  }

  private static List<String> row(String label, String scenario, Metrics metrics) {
    String missing = metrics.aucMissing();
    return List.of(
        label,
        scenario,
        String.format(Locale.ROOT, "%,d", metrics.rows()),
        String.format(Locale.ROOT, "%,d", metrics.positives()),
        missing == null ? number(metrics.auc()) : "(" + missing + ")",
        number(metrics.gauc()),
        String.format(Locale.ROOT, "%,d", metrics.gaucRows()),
        number(metrics.logLoss()),
        number(metrics.constantLogLoss()),
        number(metrics.calibration()));
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.4f", value);
  }
}
