package org.llm4msr.runtime.cli;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command that only holds others. */
@CommandLine.Command(mixinStandardHelpOptions = true, versionProvider = Main.Version.class)
abstract class CommandGroup implements Runnable {

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Spec
  CommandSpec spec;

  @Override
  public void run() {
    String names = String.join(", ", spec.subcommands().keySet());
    throw new ParameterException(spec.commandLine(), "Give one of the commands: " + names);
  }
}
