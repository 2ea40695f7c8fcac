package org.llm4msr.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.cli.command.Command;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Stages;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A command on one experiment. */
abstract class ExperimentCommand extends Command {

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Parameters(paramLabel = "FILE", description = "The YAML file of the experiment.")
  Path file;

  @Option(
      names = "-D",
      paramLabel = "KEY=VALUE",
      description = "Override a setting, for example -Dtraining.epochs=3.")
  List<String> overrides = new ArrayList<>();

  Experiment experiment() {
    return session().open(file, overrides);
  }

  Stages stages() {
    return session().stages(file, overrides);
  }
}
