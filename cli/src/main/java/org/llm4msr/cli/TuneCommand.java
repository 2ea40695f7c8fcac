package org.llm4msr.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.command.Interruption;
import org.llm4msr.runtime.compare.Comparisons;
import org.llm4msr.runtime.compare.Tuning;
import org.llm4msr.runtime.compare.TuningResult;
import org.llm4msr.runtime.compare.TuningWriter;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tune}. */
@CommandLine.Command(
    name = "tune",
    description =
        "Searches for settings by the validation part and writes the best as a configuration."
            + " Run again, it resumes where it stopped.")
final class TuneCommand extends RunsCommand {

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Parameters(paramLabel = "FILE", description = "The YAML file of the search.")
  Path file;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder for the results (default: tunings/NAME in the workspace).")
  @Nullable Path out;

  @Override
  protected void run() {
    Tuning tuning = session().get(Comparisons.class).openTuning(file, overrides, label);
    Interruption interruption = session().interruption();
    interruption.stopWith("Stopping; a checkpoint is being written.", tuning::requestStop);
    TuningResult result;
    try {
      result = tuning.run(this);
    } finally {
      interruption.cannotStop();
    }
    Path folder = out == null ? tuning.folder() : out;
    TuningWriter writer = new TuningWriter(result);
    writer.writeAll(folder, tuning.experiment());
    terminal().result(writer.json(), writer.markdown());
    terminal().note("results: " + folder);
  }
}
