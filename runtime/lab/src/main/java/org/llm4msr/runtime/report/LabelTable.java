package org.llm4msr.runtime.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.llm4msr.runtime.training.TrainingResult.Labels;

/** How the labels of the training part are divided: by rows, and by what they count in the loss. */
final class LabelTable {

  private LabelTable() {}

  /**
   * Returns a table; nothing for a run that did not count them.
   *
   * @param counts the list {@code labels} of the result in {@code training.json}
   */
  static String html(JsonNode counts) {
    List<Labels> labels = new ArrayList<>();
    for (JsonNode count : counts) {
      labels.add(
          new Labels(
              count.path("scenario").asText(),
              count.path("rows").asLong(),
              count.path("positives").asLong(),
              count.path("weight").asDouble(),
              count.path("positiveWeight").asDouble()));
    }
    if (labels.isEmpty()) {
      return "";
    }
    if (labels.size() > 1) {
      labels.add(0, Labels.sum("overall", labels));
    }
    return Html.table(
        List.of("scenario", ">rows", ">positive", ">negatives a positive", ">positive by weight"),
        labels.stream().map(LabelTable::row).toList());
  }

  private static List<String> row(Labels labels) {
    double negatives = (labels.rows() - labels.positives()) / (double) labels.positives();
    return List.of(
        labels.scenario(),
        String.format(Locale.ROOT, "%,d", labels.rows()),
        shown("%.2f %%", 100 * labels.share()),
        shown("%.2f", negatives),
        shown("%.2f %%", 100 * labels.weightedShare()));
  }

  private static String shown(String form, double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, form, value) : "-";
  }
}
