package org.llm4msr.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.ProgressView;
import org.llm4msr.cli.options.ScoringOptions;
import org.llm4msr.runtime.experiment.Notice;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.ScoringReport;
import org.llm4msr.runtime.scoring.ScoringRequest;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
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
      names = "--delimiter",
      defaultValue = ",",
      paramLabel = "TEXT",
      description = "Separator of the values of CSV; \\t for a tab (default: ${DEFAULT-VALUE}).")
  String delimiter = ",";

  @Mixin ScoringOptions options = new ScoringOptions();

  @Option(
      names = "-D",
      paramLabel = "KEY=VALUE",
      description = "Override a setting, for example -Druntime.engine=MXNet.")
  List<String> overrides = new ArrayList<>();

  @Override
  protected String keptWhenInterrupted() {
    return "Interrupted; finished parts are kept beside the target. Run it again to resume.";
  }

  @Override
  protected void run() {
    ScoringRequest request =
        new ScoringRequest(
                in, out, options.keep, options.listSeparator, options.force, options.malformed)
            .withDelimiter(delimiter.replace("\\t", "\t"));
    try (Scorer scorer = Scorer.load(bundle, overrides, session().loader());
        ProgressView progress = progress("score", "rows")) {
      if (options.knowledge != null) {
        scorer.readNewItems(Path.of(options.knowledge));
      }
      ScoringReport report = scorer.score(request, progress);
      terminal()
          .result(report, Notice.LEAK.appendedTo(report.text(), report.leakFutureInteractions()));
    }
  }
}
