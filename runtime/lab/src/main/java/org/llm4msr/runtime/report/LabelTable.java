package org.llm4msr.runtime.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.llm4msr.runtime.training.TrainingResult.Labels;

/** How the labels of the training part are divided: by rows, and by what they count in the loss. */
final class LabelTable {

  private static final List<String> HEADINGS =
      List.of(
          "scenario",
          ">rows",
          ">of the weight",
          ">positive",
          ">negatives a positive",
          ">positive by weight");

  private LabelTable() {}

  /**
   * Returns the tables of all labels, and the loss; nothing for a run that did not count them.
   *
   * @param result the result in {@code training.json}
   */
  static String html(JsonNode result) {
    List<List<String>> main = rows(result.path("labels"));
    if (main.isEmpty()) {
      return "";
    }
    StringBuilder html = new StringBuilder(Html.table(HEADINGS, main));
    List<List<String>> further = new ArrayList<>();
    for (JsonNode label : result.path("furtherLabels")) {
      for (List<String> row : rows(label.path("scenarios"))) {
        further.add(Stream.concat(Stream.of(label.path("label").asText()), row.stream()).toList());
      }
    }
    if (!further.isEmpty()) {
      List<String> headings = Stream.concat(Stream.of("label"), HEADINGS.stream()).toList();
      html.append(Html.table(headings, further));
    }
    String loss = result.path("loss").asText();
    return loss.isEmpty() ? html.toString() : html + Html.note("Loss: " + loss + ".");
  }

  /** Returns a row for each scenario, after one of all if there are several. */
  private static List<List<String>> rows(JsonNode counts) {
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
    Labels all = Labels.sum("overall", labels);
    if (labels.size() > 1) {
      labels.add(0, all);
    }
    return labels.stream().map(each -> row(each, all.weight())).toList();
  }

  private static List<String> row(Labels labels, double all) {
    double negatives = (labels.rows() - labels.positives()) / (double) labels.positives();
    return List.of(
        labels.scenario(),
        String.format(Locale.ROOT, "%,d", labels.rows()),
        shown("%.2f %%", 100 * labels.weight() / all),
        shown("%.2f %%", 100 * labels.share()),
        shown("%.2f", negatives),
        shown("%.2f %%", 100 * labels.weightedShare()));
  }

  private static String shown(String form, double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, form, value) : "-";
  }
}
