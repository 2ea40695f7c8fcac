package org.llm4msr.runtime.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Settings for all runs of a command that trains several. */
final class OverridesOfRuns {

  @Option(
      names = "-D",
      paramLabel = "KEY=VALUE",
      description = "Override a setting of all runs, for example -Dtraining.epochs=3.")
  List<String> settings = new ArrayList<>();
}
