package org.llm4msr.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.ProgressView;
import org.llm4msr.runtime.compare.ComparisonView;
import picocli.CommandLine.Option;

/** A command that trains several runs, and shows their progress on stderr. */
abstract class RunsCommand extends Command implements ComparisonView {

  @Option(
      names = "-D",
      paramLabel = "KEY=VALUE",
      description = "Override a setting of all runs, for example -Dtraining.epochs=3.")
  List<String> overrides = new ArrayList<>();

  @Option(
      names = "--label",
      paramLabel = "NAME",
      description =
          "The label that is measured, in place of that of the file: a further one of the models,"
              + " or label, the main one. Runs that are finished need no new training.")
  @Nullable String label;

  @Override
  public void note(String text) {
    terminal().note(text);
  }

  @Override
  public Work begin(String task, String unit) {
    ProgressView progress = progress(task, unit);
    return new Work(progress, progress::close);
  }
}
