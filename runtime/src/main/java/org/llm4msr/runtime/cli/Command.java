package org.llm4msr.runtime.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
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

  Session session() {
    return ((Main.Root) spec.root().userObject()).session();
  }

  Terminal terminal() {
    return session().terminal();
  }

  /** Shows how far long work is; the caller closes it. */
  ProgressView progress(String task, String unit) {
    return ProgressView.of(terminal().err(), task, unit);
  }

  /** Does the work; exceptions are turned into error texts by {@link Main}. */
  abstract void run() throws Exception;

  /** Says what is kept where Ctrl-C ends this command. */
  String keptWhenInterrupted() {
    return "Interrupted; what is done is kept. Start it again to go on.";
  }

  @Override
  public final Integer call() throws Exception {
    terminal().json(json);
    session().interruption().kept(keptWhenInterrupted());
    run();
    return 0;
  }
}
