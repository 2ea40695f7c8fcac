package org.llm4msr.cli.options;

import picocli.CommandLine.Option;

/** The run that a command works on. */
public final class RunOption {

  @Option(
      names = "--run",
      defaultValue = "default",
      paramLabel = "NAME",
      description = "Name of the run (default: ${DEFAULT-VALUE}).")
  public String name = "default";
}
