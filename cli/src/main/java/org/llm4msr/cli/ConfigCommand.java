package org.llm4msr.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.CommandGroup;
import org.llm4msr.cli.command.Terminal;
import org.llm4msr.runtime.assembly.ModelMemory;
import org.llm4msr.runtime.compare.ComparisonConfig;
import org.llm4msr.runtime.compare.TuningConfig;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.loading.ConfigSchema;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.server.config.ServerConfig;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

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

    /** The output with {@code --json}; {@code memory} is null where it is not known. */
    record Outcome(boolean valid, List<String> warnings, @Nullable Memory memory) {}

    /** What training takes at least; {@code tableNumbers} is null where no data is prepared. */
    record Memory(long bytes, long heapBytes, long parameters, @Nullable Long tableNumbers) {

      static Memory of(ModelMemory memory) {
        return new Memory(
            memory.bytes(), memory.heapBytes(), memory.parameters(), memory.tableNumbers());
      }
    }

    @Override
    protected void run() {
      Experiment experiment = experiment();
      Optional<ModelMemory> memory = experiment.check();
      List<String> warnings = new ArrayList<>(experiment.config().warnings());
      String warning = warning(experiment.config());
      if (!warning.isEmpty()) {
        warnings.add(warning);
        terminal().note("warning: " + warning);
      }
      String text = memory.map(needed -> " Training takes %s.".formatted(needed.text())).orElse("");
      terminal()
          .result(
              new Outcome(true, warnings, memory.map(Memory::of).orElse(null)),
              file + " is valid." + text);
    }

    /** Says what has no effect; empty if all has one. */
    private static String warning(LoadedConfig loaded) {
      ModelConfig model = loaded.config().model();
      if (model == null) {
        return "there is no section model: data can be prepared and inspected, but nothing can be"
            + " trained";
      }
      return !model.headReadsKnowledge() && loaded.effective().isWritten("model.metaNetworks")
          ? "model.metaNetworks has no effect: the head %s reads no knowledge"
              .formatted(model.fusion().name())
          : "";
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
    protected void run() {
      var effective = experiment().config().effective();
      terminal().result(effective.values(), effective.yaml(origin));
    }
  }

  /** {@code config schema}. */
  @CommandLine.Command(
      name = "schema",
      description =
          "Prints the JSON Schema of a kind of file, for editors; that of experiments has every"
              + " plugin found.")
  static final class Schema extends Command {

    @Option(
        names = "--of",
        paramLabel = "FILES",
        defaultValue = "experiment",
        converter = Converter.class,
        description = "Of files of experiment, compare, tune or serve (default: ${DEFAULT-VALUE}).")
    Files of = Files.EXPERIMENT;

    /** Kinds of files, each with the record that it is read into. */
    enum Files {
      EXPERIMENT(ExperimentConfig.class),
      COMPARE(ComparisonConfig.class),
      TUNE(TuningConfig.class),
      SERVE(ServerConfig.class);

      private final Class<? extends Record> type;

      Files(Class<? extends Record> type) {
        this.type = type;
      }
    }

    /** Reads the name of a kind of file. */
    static final class Converter implements ITypeConverter<Files> {
      @Override
      public Files convert(String text) {
        return Stream.of(Files.values())
            .filter(files -> files.name().equalsIgnoreCase(text))
            .findFirst()
            .orElseThrow(
                () ->
                    new TypeConversionException(
                        "expected one of experiment, compare, tune, serve but was '%s'"
                            .formatted(text)));
      }
    }

    @Override
    protected void run() {
      terminal().raw(Terminal.toJson(ConfigSchema.of(session().plugins(), of.type)) + "\n");
    }
  }
}
