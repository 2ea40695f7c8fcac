package org.llm4msr.runtime.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.llm4msr.runtime.plugins.PluginRegistry;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What all commands have in common. */
@CommandLine.Command(
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false,
    usageHelpAutoWidth = true)
abstract class Command implements Callable<Integer> {

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Spec
  CommandSpec spec;

  @Option(names = "--json", description = "Print the result as one JSON object.")
  boolean json;

  @Option(names = "--debug", description = "Show stack traces.")
  boolean debug;

  @Option(
      names = "--plugins",
      paramLabel = "DIR",
      description =
          "A folder with one folder of jars for each plugin, in addition to the launcher's;"
              + " repeatable.")
  List<Path> pluginFolders = new ArrayList<>();

  @Option(names = "--strict", description = "Fail if any plugin that is found cannot be used.")
  boolean strict;

  Session session() {
    return ((Main.Root) spec.root().userObject()).session();
  }

  Terminal terminal() {
    return session().terminal();
  }

  /** Shows the progress of long work; the caller closes it. */
  ProgressView progress(String task, String unit) {
    return ProgressView.of(terminal().err(), task, unit);
  }

  /** Returns the number of an option, or refuses it if it is too small. */
  int atLeast(String option, int number, int least) {
    if (number < least) {
      throw new ParameterException(
          spec.commandLine(),
          "%s is %d; a whole number of at least %d is expected".formatted(option, number, least));
    }
    return number;
  }

  /** Does the work; exceptions are turned into error texts by {@link Main}. */
  abstract void run() throws Exception;

  /** Refuses broken plugins if the user wants that; otherwise says that there are some. */
  void checkPlugins() {
    PluginRegistry plugins = session().plugins();
    if (strict) {
      plugins.requireSound();
    } else if (!plugins.broken().isEmpty()) {
      terminal()
          .note(
              "warning: some plugins cannot be used; `%s` says why."
                  .formatted(plugins.listCommand()));
    }
  }

  /** Says what is kept if Ctrl-C ends this command. */
  String keptWhenInterrupted() {
    return "Interrupted; finished work is kept. Run it again to resume.";
  }

  @Override
  public final Integer call() throws Exception {
    terminal().json(json);
    session().pluginFolders(pluginFolders);
    session().interruption().setKept(keptWhenInterrupted());
    checkPlugins();
    run();
    return 0;
  }
}
