package org.llm4msr.cli;

import java.nio.file.Path;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.ProgressView;
import org.llm4msr.server.log.LoggedRequests;
import org.llm4msr.server.replay.Replay;
import org.llm4msr.server.replay.ReplayReport;
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
    terminal().result(report, report.text());
    Replay.requireSame(report);
  }
}
