package org.llm4msr.cli.command;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** A command that only holds others. */
@CommandLine.Command(mixinStandardHelpOptions = true, versionProvider = Version.class)
public abstract class CommandGroup implements Runnable {

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Spec
  private CommandSpec spec;

  /** Runs what was asked for; words that are no command are wrong usage also beside --help. */
  public static int execute(ParseResult parsed) {
    for (ParseResult at = parsed; at != null; at = at.subcommand()) {
      CommandLine line = at.commandSpec().commandLine();
      if (line.getCommand() instanceof CommandGroup && !at.unmatched().isEmpty()) {
        throw new UnmatchedArgumentException(line, at.unmatched());
      }
    }
    return new RunLast().execute(parsed);
  }

  @Override
  public void run() {
    String names = String.join(", ", spec.subcommands().keySet());
    throw new ParameterException(spec.commandLine(), "Give one of the commands: " + names);
  }
}
