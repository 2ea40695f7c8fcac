package org.llm4msr.runtime.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.config.MalformedConfig.Policy;
import org.llm4msr.runtime.experiment.Notice;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.ScoringReport;
import org.llm4msr.runtime.scoring.ScoringRequest;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code score}. */
@CommandLine.Command(
    name = "score",
    description = "Scores rows of raw ids with the model of a bundle; resumes where it stopped.")
final class ScoreCommand extends Command {

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Parameters(paramLabel = "BUNDLE", description = "The bundle; see bundle inspect.")
  Path bundle;

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Option(
      names = "--in",
      required = true,
      paramLabel = "FILE",
      description = "The rows: .arrow, .arrows, .feather or .parquet, else CSV with a header.")
  Path in;

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "The scores: .arrow, .parquet or .csv.")
  Path out;

  @Option(
      names = "--keep",
      split = ",",
      defaultValue = "user,item,scenario",
      paramLabel = "COLUMN",
      description = "Columns to copy next to the scores (default: ${DEFAULT-VALUE}).")
  List<String> keep = List.of();

  @Option(
      names = "--list-separator",
      defaultValue = "|",
      paramLabel = "TEXT",
      description =
          "Separator of the values of a list that is written as text (default:"
              + " ${DEFAULT-VALUE}).")
  String listSeparator = "|";

  @Option(
      names = "--knowledge",
      paramLabel = "FOLDER",
      description =
          "A knowledge store with the vectors of items that the bundle does not know; for models"
              + " that read the knowledge of items.")
  @Nullable Path knowledge;

  @Option(
      names = "--malformed",
      defaultValue = "strict",
      paramLabel = "POLICY",
      description =
          "strict: the first row that cannot be read is an error. skip: such rows have no score,"
              + " and the column problem says why (default: ${DEFAULT-VALUE}).")
  Policy malformed = Policy.STRICT;

  @Option(names = "--force", description = "Replace an existing file of scores.")
  boolean force;

  @Option(
      names = "-D",
      paramLabel = "KEY=VALUE",
      description = "Override a setting, for example -Druntime.engine=MXNet.")
  List<String> overrides = new ArrayList<>();

  @Override
  String keptWhenInterrupted() {
    return "Interrupted; finished parts are kept beside the target. Run it again to resume.";
  }

  @Override
  void run() {
    ScoringRequest request = new ScoringRequest(in, out, keep, listSeparator, force, malformed);
    try (Scorer scorer = Scorer.load(bundle, overrides, session().loader());
        ProgressView progress = progress("score", "rows")) {
      if (knowledge != null) {
        scorer.readNewItems(knowledge);
      }
      ScoringReport report = scorer.score(request, progress);
      terminal()
          .result(report, Notice.LEAK.appendedTo(text(report), report.leakFutureInteractions()));
    }
  }

  private static String text(ScoringReport report) {
    StringBuilder text = new StringBuilder(scored(report));
    if (report.malformed() > 0) {
      text.append(
          String.format(
              Locale.ROOT,
              "%nRows that cannot be read and have no score: %,d",
              report.malformed()));
      report.problems().forEach(row -> text.append("%n  ".formatted()).append(row.problem()));
      if (report.malformed() > report.problems().size()) {
        text.append("%n  ... The column problem names them all.".formatted());
      }
    }
    return text.toString();
  }

  private static String scored(ScoringReport report) {
    return String.format(
        Locale.ROOT,
        "%s: %,d rows%s, %,.0f rows/s",
        report.out(),
        report.rows(),
        report.resumedAt() == 0
            ? ""
            : String.format(Locale.ROOT, " (%,d of them before)", report.resumedAt()),
        report.rowsPerSecond());
  }
}
