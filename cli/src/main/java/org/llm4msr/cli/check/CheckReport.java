package org.llm4msr.cli.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.llm4msr.runtime.plugins.check.CheckFinding;
import org.llm4msr.runtime.plugins.check.CheckStep;
import org.llm4msr.runtime.text.TextTable;

/**
 * What a check found; its form with {@code --json}.
 *
 * @param sound whether there is no finding
 */
public record CheckReport(boolean sound, List<CheckStep> steps) {

  /** Makes the report of some steps. */
  public static CheckReport of(List<CheckStep> steps) {
    return new CheckReport(
        steps.stream().allMatch(step -> step.findings().isEmpty()), List.copyOf(steps));
  }

  /** Returns the number of findings. */
  public int findings() {
    return steps.stream().mapToInt(step -> step.findings().size()).sum();
  }

  private String table() {
    List<List<String>> rows = new ArrayList<>();
    for (CheckStep step : steps) {
      String state = step.state().name().toLowerCase(Locale.ROOT);
      rows.add(List.of(step.folder(), dash(step.subject()), step.name(), state, step.detail()));
    }
    return TextTable.of(List.of("folder", "plugin", "step", "state", "detail"), rows);
  }

  private static String dash(String text) {
    return text.isEmpty() ? "-" : text;
  }

  /** Returns a table, notes, and findings last, where a reader of a terminal looks. */
  public String text() {
    String notes = notes();
    StringBuilder text = new StringBuilder(table()).append(notes);
    text.append(notes.isEmpty() ? "" : "\n");
    for (CheckStep step : steps) {
      for (CheckFinding finding : step.findings()) {
        text.append("\n[%s] %s: ".formatted(finding.code(), title(step)));
        text.append(indented(finding.what(), "  "));
        text.append(finding.where() == null ? "" : "\n  where:   " + finding.where());
        text.append(finding.wayOut() == null ? "" : "\n  way out: " + finding.wayOut());
        text.append('\n');
      }
    }
    return text.append(sound ? "\nNothing is wrong.\n" : "").toString();
  }

  private String notes() {
    StringBuilder text = new StringBuilder();
    for (CheckStep step : steps) {
      for (String note : step.notes()) {
        text.append("\nnote: ").append(title(step)).append(": ").append(indented(note, "  "));
      }
    }
    return text.toString();
  }

  private static String title(CheckStep step) {
    return "%s, %s".formatted(step.folder(), (step.subject() + " " + step.name()).strip());
  }

  private static String indented(String text, String indent) {
    return text.replace("\n", "\n" + indent);
  }
}
