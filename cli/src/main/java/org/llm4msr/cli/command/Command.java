package org.llm4msr.cli.command;

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
    versionProvider = Version.class,
    sortOptions = false,
    usageHelpAutoWidth = true)
public abstract class Command implements Callable<Integer> {

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Spec
  protected CommandSpec spec;

  @Option(names = "--json", description = "Print the result as one JSON object.")
  private boolean json;

  @Option(names = "--debug", description = "Show stack traces.")
  private boolean debug;

  @Option(
      names = "--plugins",
      paramLabel = "DIR",
      description =
          "A folder with one folder of jars for each plugin, in addition to the launcher's;"
              + " repeatable.")
  protected List<Path> pluginFolders = new ArrayList<>();

  @Option(names = "--strict", description = "Fail if any plugin that is found cannot be used.")
  protected boolean strict;

  public final Session session() {
    return ((RootCommand) spec.root().userObject()).session();
  }

  /** Whether the user wants stack traces. */
  public final boolean debug() {
    return debug;
  }

  public final Terminal terminal() {
    return session().terminal();
  }

  /** Shows the progress of long work; the caller closes it. */
  public final ProgressView progress(String task, String unit) {
    return ProgressView.of(terminal().err(), task, unit);
  }

  /** Returns the number of an option, or refuses it if it is too small. */
  protected final int atLeast(String option, int number, int least) {
    if (number < least) {
      throw new ParameterException(
          spec.commandLine(),
          "%s is %d; a whole number of at least %d is expected".formatted(option, number, least));
    }
    return number;
  }

  /** Does the work; exceptions are turned into error texts by the command line. */
  protected abstract void run() throws Exception;

  /**
   * Refuses broken plugins if the user wants that; otherwise says that there are some. Says what is
   * ignored in others.
   */
  protected void checkPlugins() {
    PluginRegistry plugins = session().plugins();
    if (strict) {
      plugins.requireSound();
    } else if (!plugins.broken().isEmpty()) {
      terminal()
          .note(
              "warning: some plugins cannot be used; `%s` says why."
                  .formatted(plugins.listCommand()));
    }
    plugins.ignoredLibraries().forEach(text -> terminal().note("warning: " + text));
  }

  /** Says what is kept if Ctrl-C ends this command. */
  protected String keptWhenInterrupted() {
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
