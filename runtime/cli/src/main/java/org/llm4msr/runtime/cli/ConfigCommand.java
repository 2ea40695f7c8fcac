package org.llm4msr.runtime.cli;

import java.util.ArrayList;
import java.util.List;
import org.llm4msr.runtime.config.loading.ConfigSchema;
import org.llm4msr.runtime.experiment.Experiment;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** {@code config}. */
@CommandLine.Command(
    name = "config",
    description = "Checks and shows configurations.",
    subcommands = {ConfigCommand.Check.class, ConfigCommand.Show.class, ConfigCommand.Schema.class})
final class ConfigCommand extends CommandGroup {

  /** {@code config check}. */
  @CommandLine.Command(
      name = "check",
      description =
          "Checks a configuration: values, plugins, and what head, backbone, engine and data"
              + " need from each other.")
  static final class Check extends ExperimentCommand {

    /** The output with {@code --json}. */
    record Outcome(boolean valid, List<String> warnings) {}

    @Override
    void run() {
      Experiment experiment = experiment();
      experiment.check();
      List<String> warnings = new ArrayList<>(experiment.config().warnings());
      if (experiment.config().config().model() == null) {
        String warning =
            "there is no section model: data can be prepared and inspected, but nothing can be"
                + " trained";
        warnings.add(warning);
        terminal().note("warning: " + warning);
      }
      terminal().result(new Outcome(true, warnings), file + " is valid.");
    }
  }

  /** {@code config show}. */
  @CommandLine.Command(
      name = "show",
      description = "Prints the effective configuration with every default.")
  static final class Show extends ExperimentCommand {

    @Option(names = "--origin", description = "Show the origin of each value.")
    boolean origin;

    @Override
    void run() {
      var effective = experiment().config().effective();
      terminal().result(effective.values(), effective.yaml(origin));
    }
  }

  /** {@code config schema}. */
  @CommandLine.Command(
      name = "schema",
      description = "Prints the JSON Schema of experiments, with every plugin found, for editors.")
  static final class Schema extends Command {

    @Override
    void run() {
      terminal().raw(Terminal.toJson(ConfigSchema.of(session().plugins())) + "\n");
    }
  }
}
