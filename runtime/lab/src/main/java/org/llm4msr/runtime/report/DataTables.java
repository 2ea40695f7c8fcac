package org.llm4msr.runtime.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.inspection.LeakCheck;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Coverage;
import org.llm4msr.runtime.data.inspection.PreparedSummary.FieldSummary;
import org.llm4msr.runtime.data.inspection.PreparedSummary.FurtherLabel;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Labels;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Part;
import org.llm4msr.runtime.data.inspection.PreparedSummary.ScenarioPart;
import org.llm4msr.runtime.data.inspection.PreparedSummary.ScenarioSummary;
import org.llm4msr.runtime.text.TextTable;

/** The content of prepared data as tables for terminals and pages. */
public final class DataTables {

  /** More columns than this are not readable. */
  private static final int MOST_COLUMNS = 12;

  private final PreparedSummary summary;

  /** Makes the tables of an inspection. */
  public DataTables(PreparedSummary summary) {
    this.summary = summary;
  }

  /**
   * A table.
   *
   * @param headings those that begin with {@code >} head numbers
   */
  public record ReportTable(
      String id, String title, List<String> headings, List<List<String>> rows) {}

  /** Returns a summary of the data, in one or two sentences. */
  public String head() {
    return format(
        "%s: %,d users (%,d in training), %,d items; label %s; split %s",
        summary.name(),
        summary.users(),
        summary.trainingUsers(),
        summary.items(),
        summary.labelRule(),
        summary.splitRule());
  }

  /** Returns all tables that have rows. */
  public List<ReportTable> all() {
    return Stream.of(
            parts(),
            scenarios(),
            balance(),
            furtherLabels(),
            overlap("users", summary.overlap().users()),
            overlap("items", summary.overlap().items()),
            fields(),
            periods(),
            checks())
        .filter(table -> !table.rows().isEmpty())
        .toList();
  }

  /** Returns the summary and the tables, each below its title. */
  public String text() {
    StringBuilder text = new StringBuilder(head()).append('\n');
    for (ReportTable table : all()) {
      text.append('\n').append(table.title()).append('\n');
      text.append(TextTable.of(table.headings(), table.rows()));
    }
    return text.toString();
  }

  private ReportTable parts() {
    List<List<String>> rows = new ArrayList<>();
    for (Part part : summary.parts()) {
      long all = part.labels().rows();
      rows.add(
          List.of(
              part.split(),
              count(all),
              count(part.labels().logged()),
              count(part.labels().drawn()),
              percent(part.labels().positiveShare()),
              percent(share(part.newUsers(), all)),
              percent(part.newItems() == null ? null : share(part.newItems(), all)),
              part.from() == null ? "-" : part.from() + " to " + part.to()));
    }
    List<String> headings =
        List.of(
            "part",
            ">rows",
            ">logged",
            ">drawn negatives",
            ">positive",
            ">of new users",
            ">of new items",
            "time");
    return new ReportTable("parts", "Parts", headings, rows);
  }

  /** The first table of the paper, and how the rows are divided. */
  private ReportTable scenarios() {
    List<List<String>> rows = new ArrayList<>();
    for (ScenarioSummary scenario : summary.scenarios()) {
      ScenarioPart all = scenario.all();
      List<String> row = new ArrayList<>();
      row.add(scenario.name());
      row.add(count(all.users()));
      row.add(count(all.items()));
      row.add(count(all.labels().rows()));
      row.add(count(all.labels().logged()));
      row.add(count(all.labels().drawn()));
      row.add(percent(negatives(all.labels())));
      for (ScenarioPart part : scenario.parts()) {
        row.add(count(part.labels().rows()));
        row.add(percent(negatives(part.labels())));
      }
      rows.add(row);
    }
    List<String> headings =
        List.of(
            "scenario",
            ">users",
            ">items",
            ">rows",
            ">logged",
            ">drawn negatives",
            ">negatives",
            ">train",
            ">negatives",
            ">validation",
            ">negatives",
            ">test",
            ">negatives");
    return new ReportTable("scenarios", "Scenarios", headings, rows);
  }

  /** How rare positives are, where a model is trained and where it is measured. */
  private ReportTable balance() {
    List<List<String>> rows = new ArrayList<>();
    for (ScenarioSummary scenario : summary.scenarios()) {
      List<String> row = new ArrayList<>(List.of(scenario.name()));
      for (ScenarioPart part : scenario.parts()) {
        row.add(percent(part.labels().positiveShare()));
      }
      Labels training = scenario.parts().get(0).labels();
      Double negatives = share(training.negatives(), training.positives());
      row.add(negatives == null ? "-" : format("%.2f", negatives));
      row.add(percent(training.positiveWeightShare()));
      rows.add(row);
    }
    List<String> headings =
        List.of(
            "scenario",
            ">positive in train",
            ">in validation",
            ">in test",
            ">negatives a positive",
            ">positive by weight");
    return new ReportTable("balance", "Class balance", headings, rows);
  }

  /** Where further labels are known, and how rare positives are. */
  private ReportTable furtherLabels() {
    List<List<String>> rows = new ArrayList<>();
    for (FurtherLabel further : summary.furtherLabels()) {
      List<String> row = new ArrayList<>(List.of(further.label(), further.scenario()));
      row.add(count(further.parts().get(0).rows()));
      further.parts().forEach(part -> row.add(percent(part.positiveShare())));
      rows.add(row);
    }
    List<String> headings =
        List.of(
            "label",
            "scenario",
            ">known in train",
            ">positive in train",
            ">in validation",
            ">in test");
    return new ReportTable("further-labels", "Further labels", headings, rows);
  }

  private ReportTable overlap(String entities, List<List<Long>> shared) {
    String title =
        format(
            "Share of a scenario's %s (row) that are also in another scenario (column)", entities);
    List<String> headings = new ArrayList<>(List.of("scenario"));
    List<List<String>> rows = new ArrayList<>();
    int shown = Math.min(shared.size(), MOST_COLUMNS);
    for (int s = 0; s < shown && shared.size() > 1; s++) {
      headings.add(">" + summary.scenarios().get(s).name());
      List<String> row = new ArrayList<>(List.of(summary.scenarios().get(s).name()));
      for (int other = 0; other < shown; other++) {
        row.add(percent(share(shared.get(s).get(other), shared.get(s).get(s))));
      }
      rows.add(row);
    }
    String more = format(" (the first %d of %d)", shown, shared.size());
    return new ReportTable(
        "overlap-" + entities, title + (shown < shared.size() ? more : ""), headings, rows);
  }

  private ReportTable fields() {
    List<List<String>> rows = new ArrayList<>();
    for (FieldSummary field : summary.fields()) {
      boolean number = field.kind().equals("numeric");
      boolean vector = field.kind().startsWith("vector");
      List<String> row = new ArrayList<>();
      row.add(field.name());
      row.add(field.kind());
      row.add(field.role().name().toLowerCase(Locale.ROOT));
      row.add(
          number
              ? format("%.4g, %.4g", field.mean(), field.deviation())
              : vector ? "-" : count(field.vocabularySize()));
      row.add(number || vector ? "-" : count(field.idsInTraining()));
      for (Coverage part : field.coverage()) {
        row.add(percent(part.known()));
      }
      Double length = field.coverage().get(0).valuesPerRow();
      row.add(length == null ? "-" : format("%.2f", length));
      rows.add(row);
    }
    List<String> headings =
        List.of(
            "field",
            "kind",
            "role",
            ">ids, or mean and deviation",
            ">ids in train",
            ">known in train",
            ">in validation",
            ">in test",
            ">values per row");
    return new ReportTable("fields", "Fields", headings, rows);
  }

  private ReportTable periods() {
    List<List<String>> rows =
        summary.periods().stream()
            .map(
                period ->
                    List.of(
                        period.from(),
                        count(period.all().rows()),
                        count(period.all().drawn()),
                        percent(period.all().positiveShare())))
            .toList();
    return new ReportTable(
        "periods",
        "Labels over time",
        List.of("from", ">rows", ">drawn negatives", ">positive"),
        rows);
  }

  private ReportTable checks() {
    List<List<String>> rows = new ArrayList<>();
    for (LeakCheck check : summary.checks()) {
      rows.add(List.of(check.name(), check.state(), count(check.found()), check.meaning()));
    }
    List<String> headings = List.of("check", "state", ">found", "what is counted");
    return new ReportTable("checks", "Leaks between the parts", headings, rows);
  }

  private static @Nullable Double negatives(Labels labels) {
    return share(labels.negatives(), labels.rows());
  }

  private static @Nullable Double share(long part, long all) {
    return all == 0 ? null : (double) part / all;
  }

  private static String percent(@Nullable Double share) {
    return share == null ? "-" : format("%.2f %%", 100 * share);
  }

  private static String count(long number) {
    return format("%,d", number);
  }

  private static String count(@Nullable Long number) {
    return number == null ? "-" : format("%,d", number);
  }

  private static String format(String form, Object... values) {
    return String.format(Locale.ROOT, form, values);
  }
}
