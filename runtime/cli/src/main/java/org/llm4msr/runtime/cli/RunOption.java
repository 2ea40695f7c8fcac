package org.llm4msr.runtime.cli;

import picocli.CommandLine.Option;

/** The run that a command works on. */
final class RunOption {

  @Option(
      names = "--run",
      defaultValue = "default",
      paramLabel = "NAME",
      description = "Name of the run (default: ${DEFAULT-VALUE}).")
  String name = "default";
}
