package org.llm4msr.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.CommandGroup;
import org.llm4msr.cli.command.ProgressView;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.data.preparation.PreparationResult;
import org.llm4msr.runtime.exchange.Exchange;
import org.llm4msr.runtime.exchange.ExchangeRequest;
import org.llm4msr.runtime.exchange.ExchangeServer;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Stages;
import org.llm4msr.runtime.generation.DataGeneration;
import org.llm4msr.runtime.plugins.PluginDescriptor;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.report.DataReport;
import org.llm4msr.runtime.report.DataTables;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code data}. */
@CommandLine.Command(
    name = "data",
    description = "Downloads, generates, prepares, inspects and serves data.",
    subcommands = {
      DownloadCommand.class,
      DataCommand.Generate.class,
      DataCommand.Prepare.class,
      DataCommand.Inspect.class,
      DataCommand.Serve.class
    })
final class DataCommand extends CommandGroup {

  /** {@code data generate}. */
  @CommandLine.Command(
      name = "generate",
      description = "Generates raw files in a published format from a stated model.")
  static final class Generate extends Command {

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Parameters(
        paramLabel = "NAME",
        completionCandidates = Generators.class,
        description = "The generator: ${COMPLETION-CANDIDATES}, or one of a plugin folder.")
    String name;

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Option(names = "--out", required = true, paramLabel = "DIR", description = "A new folder.")
    Path out;

    @Option(
        names = "-D",
        paramLabel = "KEY=VALUE",
        description = "A setting of the generator, for example -Dseed=3.")
    List<String> overrides = new ArrayList<>();

    @Override
    protected void run() {
      DataGeneration generation = session().get(DataGeneration.class);
      try (ProgressView progress = progress("generate", "interactions")) {
        DataGeneration.Result result = generation.generate(name, out, overrides, progress);
        terminal().result(result, result.text());
      }
    }
  }

  /** The names of the generators, looked up when the help shows them. */
  static final class Generators implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return PluginRegistry.load().plugins(PluginKind.DATASET_GENERATOR).stream()
          .map(PluginDescriptor::name)
          .sorted()
          .iterator();
    }
  }

  /** {@code data prepare}. */
  @CommandLine.Command(
      name = "prepare",
      description = "Sorts, splits and encodes the raw data of an experiment.")
  static final class Prepare extends ExperimentCommand {

    @Option(
        names = {"--force", "--rebuild"},
        description = "Prepare again, and replace what is there, also with other settings.")
    boolean force;

    @Option(
        names = "--extend",
        paramLabel = "DIR",
        description =
            "A bundle or prepared data whose ids are kept, so that its model can be trained"
                + " further (train --from).")
    @Nullable Path extend;

    @Option(
        names = "--memory",
        paramLabel = "SIZE",
        description = "Memory limit, for example 4GB; short for -Druntime.memory=SIZE.")
    @Nullable String memory;

    @Override
    protected String keptWhenInterrupted() {
      return "Interrupted; the prepared data is as it was before. The next `llm4msr data prepare`"
          + " deletes the unfinished folder beside it and starts over.";
    }

    @Override
    protected void run() {
      if (memory != null) {
        overrides.add("runtime.memory=" + memory);
      }
      Stages experiment = stages();
      PreparationResult result;
      try (ProgressView progress = progress("prepare", "rows")) {
        result = experiment.prepare(force, extend, progress);
      }
      terminal().result(result, result.text());
    }
  }

  /** A command on prepared data, named by an experiment or by its folder. */
  abstract static class OnPrepared extends Command {

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Parameters(
        paramLabel = "FILE",
        description = "The YAML file of the experiment, or a folder of prepared data.")
    Path file;

    @Option(
        names = "-D",
        paramLabel = "KEY=VALUE",
        description = "Override a setting of the experiment, for example -Druntime.memory=2GB.")
    List<String> overrides = new ArrayList<>();

    /** Returns whether a folder is named; a folder takes no settings. */
    boolean isFolder() {
      boolean isFolder = Files.isDirectory(file);
      if (isFolder && !overrides.isEmpty()) {
        throw new ParameterException(
            spec.commandLine(),
            "-D%s overrides a setting of an experiment, but %s is a folder. Give the YAML file, or leave -D out"
                .formatted(overrides.get(0), file));
      }
      return isFolder;
    }
  }

  /** {@code data inspect}. */
  @CommandLine.Command(
      name = "inspect",
      description =
          "Counts users, items, labels and fields of prepared data by scenario and over time, and"
              + " looks for leaks between its parts.")
  static final class Inspect extends OnPrepared {

    @Option(
        names = "--html",
        paramLabel = "FILE",
        description = "Also write the result as an HTML page.")
    @Nullable Path html;

    @Override
    protected void run() {
      PreparedSummary summary;
      try (ProgressView progress = progress("inspect", "rows")) {
        summary =
            isFolder()
                ? Experiment.inspect(file, progress)
                : session().open(file, overrides).inspectData(progress);
      }
      if (html != null) {
        DataReport.page(summary).writeTo(html);
      }
      terminal().result(summary, new DataTables(summary).text());
    }
  }

  /** {@code data serve}. */
  @CommandLine.Command(
      name = "serve",
      description =
          "Lets other processes read prepared data and knowledge through Arrow Flight, until it is"
              + " stopped.")
  static final class Serve extends OnPrepared {

    @Option(
        names = "--host",
        defaultValue = "127.0.0.1",
        paramLabel = "ADDRESS",
        description =
            "Address to listen on; whoever can reach it can read everything (default:"
                + " ${DEFAULT-VALUE}).")
    String host = "127.0.0.1";

    @Option(
        names = "--port",
        defaultValue = "8815",
        paramLabel = "N",
        description = "The port; 0 for any that is free (default: ${DEFAULT-VALUE}).")
    int port;

    @Override
    protected void run() throws InterruptedException {
      try (ExchangeServer server =
          isFolder()
              ? Exchange.start(new ExchangeRequest(file, null, host, port))
              : session().open(file, overrides).serve(host, port)) {
        session().interruption().stopWith("Ending.", server::close);
        terminal()
            .result(Map.of("address", server.address(), "tables", server.tables()), server.text());
        server.await();
      }
    }
  }
}
