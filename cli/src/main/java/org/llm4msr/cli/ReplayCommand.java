package org.llm4msr.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.ProgressView;
import org.llm4msr.runtime.text.TextTable;
import org.llm4msr.server.log.LoggedRequests;
import org.llm4msr.server.replay.Replay;
import org.llm4msr.server.replay.ReplayReport;
import org.llm4msr.server.replay.ReplayReport.Comparison;
import org.llm4msr.server.replay.ReplayReport.LabelComparison;
import org.llm4msr.serving.ranker.Ranker;
import org.llm4msr.serving.ranker.RankerSettings;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code replay}. */
@CommandLine.Command(
    name = "replay",
    description =
        "Ranks the requests of a server's log again. Fails if the bundle that ranked them gives"
            + " other probabilities; compares those of other bundles.")
final class ReplayCommand extends Command {

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Parameters(
      paramLabel = "LOG",
      description = "The folder of the log, a model's folder in it, or one part.")
  Path log;

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Option(
      names = "--bundle",
      required = true,
      paramLabel = "BUNDLE",
      description = "The bundle that ranks.")
  Path bundle;

  @Override
  protected String keptWhenInterrupted() {
    return "Interrupted; nothing is kept.";
  }

  @Override
  protected void run() {
    LoggedRequests requests = LoggedRequests.open(log);
    ReplayReport report;
    try (Ranker ranker = Ranker.open(bundle, RankerSettings.STANDARD, session().loader());
        ProgressView progress = progress("replay", "requests")) {
      report = Replay.run(requests, ranker, progress);
    }
    terminal().result(report, text(report));
    Replay.requireSame(report);
  }

  private static String text(ReplayReport report) {
    List<List<String>> rows = new ArrayList<>();
    add(rows, "this bundle", report.same());
    add(rows, "other bundles", report.others());
    StringBuilder text =
        new StringBuilder(
            TextTable.of(
                List.of(
                    "ranked by",
                    "scenario",
                    "requests",
                    "items",
                    "largest difference",
                    "above 1e-6",
                    "mean difference",
                    "mean change",
                    "top 10 kept"),
                rows));
    count(text, "Left out, since they read vectors that the server was given", report.updated());
    count(text, "Items that cannot be read", report.malformed());
    count(text, "Requests that cannot be ranked", report.refused());
    if (report.refused() > 0) {
      report.refusals().forEach(why -> text.append("%n  ".formatted()).append(why));
    }
    return text.toString();
  }

  private static void count(StringBuilder text, String what, long number) {
    if (number > 0) {
      text.append(String.format(Locale.ROOT, "%n%s: %,d", what, number));
    }
  }

  private static void add(List<List<String>> rows, String by, @Nullable Comparison all) {
    if (all == null) {
      return;
    }
    rows.add(
        List.of(
            by,
            "all",
            String.format(Locale.ROOT, "%,d", all.requests()),
            String.format(Locale.ROOT, "%,d", all.items()),
            String.format(Locale.ROOT, "%.1e", all.largestDifference()),
            String.format(Locale.ROOT, "%.1f%%", 100 * all.differing()),
            String.format(Locale.ROOT, "%.1e", all.meanDifference()),
            "",
            String.format(Locale.ROOT, "%.0f%%", 100 * all.topOverlap())));
    all.meanChange().forEach((scenario, change) -> rows.add(row(scenario, "", "", "", change)));
    for (LabelComparison label : all.labels()) {
      rows.add(
          row(
              "label " + label.label(),
              String.format(Locale.ROOT, "%,d", label.items()),
              String.format(Locale.ROOT, "%.1e", label.largestDifference()),
              String.format(Locale.ROOT, "%.1e", label.meanDifference()),
              label.meanChange()));
    }
  }

  private static List<String> row(
      String what, String items, String largest, String mean, double change) {
    return List.of(
        "", what, "", items, largest, "", mean, String.format(Locale.ROOT, "%+.1e", change), "");
  }
}
