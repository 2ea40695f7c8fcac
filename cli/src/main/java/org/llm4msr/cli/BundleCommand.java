package org.llm4msr.cli;

import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.CommandGroup;
import org.llm4msr.cli.options.RunOption;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.BundleDiff;
import org.llm4msr.runtime.bundle.BundleInspection;
import org.llm4msr.serving.publishing.Publication;
import org.llm4msr.serving.publishing.PublishRequest;
import org.llm4msr.serving.publishing.Publisher;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bundle}. */
@CommandLine.Command(
    name = "bundle",
    description = "Inspects, compares, creates and publishes model bundles.",
    subcommands = {
      BundleCommand.Inspect.class,
      BundleCommand.Diff.class,
      BundleCommand.Create.class,
      BundleCommand.Publish.class
    })
final class BundleCommand extends CommandGroup {

  /** {@code bundle inspect}. */
  @CommandLine.Command(
      name = "inspect",
      description = "Checks every byte of a bundle and shows what it holds and needs.")
  static final class Inspect extends Command {

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Parameters(paramLabel = "BUNDLE", description = "The folder of the bundle.")
    Path folder;

    @Override
    protected void run() {
      BundleInspection inspection =
          BundleInspection.of(
              folder, session().loader(), text -> terminal().note("warning: " + text));
      terminal().result(inspection, inspection.text());
    }
  }

  /** {@code bundle diff}. */
  @CommandLine.Command(
      name = "diff",
      description = "Shows how two bundles differ: configuration, provenance, metrics, weights.")
  static final class Diff extends Command {

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Parameters(index = "0", paramLabel = "A", description = "A bundle.")
    Path first;

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Parameters(index = "1", paramLabel = "B", description = "Another.")
    Path second;

    @Override
    protected void run() {
      List<BundleDiff.Difference> differences =
          BundleDiff.between(Bundle.open(first), Bundle.open(second));
      terminal().result(differences, BundleDiff.text(differences));
    }
  }

  /** {@code bundle create}. */
  @CommandLine.Command(
      name = "create",
      description = "Creates a bundle from the best state of a finished run.")
  static final class Create extends ExperimentCommand {

    @Mixin RunOption run = new RunOption();

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Option(names = "--out", required = true, paramLabel = "DIR", description = "A new folder.")
    Path out;

    @Override
    protected void run() {
      experiment().createBundle(run.name, out);
      terminal().result(Map.of("bundle", out), out + " is written.");
    }
  }

  /** {@code bundle publish}. */
  @CommandLine.Command(
      name = "publish",
      description =
          "Compiles a bundle and makes it the version that servers of a folder take next. With"
              + " --rows it is calibrated and compared with the version before first.")
  static final class Publish extends Command {

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Parameters(paramLabel = "BUNDLE", description = "The folder of the bundle.")
    Path folder;

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Option(
        names = "--to",
        required = true,
        paramLabel = "DIR",
        description = "The folder of versions that servers look at.")
    Path versions;

    @Option(
        names = "--name",
        paramLabel = "NAME",
        description = "The name of the version (default: the day and a number, 2026-01-31-1).")
    @Nullable String name;

    @Option(
        names = "--rows",
        paramLabel = "FILE",
        description =
            "Rows as `score` reads them, with a column label of 0 and 1: half of them fit the"
                + " calibration, half compare the two versions (default: neither is done).")
    @Nullable Path rows;

    @Option(
        names = "--list-separator",
        paramLabel = "TEXT",
        defaultValue = "|",
        description = "Separator of the values of a list that is one text (default: |).")
    String listSeparator = "|";

    @Option(
        names = "--force",
        description = "Publish it even if it is worse on these rows than the version before.")
    boolean force;

    @Override
    protected String keptWhenInterrupted() {
      return "Interrupted; nothing was published.";
    }

    @Override
    protected void run() {
      Publication done =
          new Publisher(session().loader(), Clock.systemUTC())
              .publish(
                  Bundle.open(folder),
                  new PublishRequest(versions, name, rows, listSeparator, force));
      terminal().result(done, done.text());
    }
  }
}
