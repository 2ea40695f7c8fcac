package org.llm4msr.cli;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.options.RunOption;
import org.llm4msr.runtime.report.RunReport;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code report}. */
@CommandLine.Command(
    name = "report",
    description = "Writes a page about a run, in one file: curves, metrics, costs, configuration.")
final class ReportCommand extends ExperimentCommand {

  @Mixin RunOption run = new RunOption();

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "File for the page (default: report.html in the run folder).")
  @Nullable Path out;

  @Override
  protected void run() {
    RunReport report = new RunReport(stages(), run.name);
    Path file = out == null ? report.file() : out;
    if (out == null) {
      report.page().write(file);
    } else {
      report.page().writeTo(file);
    }
    terminal().result(Map.of("report", file.toString()), "report: " + file);
  }
}
