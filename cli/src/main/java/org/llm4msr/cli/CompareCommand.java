package org.llm4msr.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.cli.command.Interruption;
import org.llm4msr.cli.options.SplitOption;
import org.llm4msr.runtime.compare.Comparison;
import org.llm4msr.runtime.compare.ComparisonResult;
import org.llm4msr.runtime.compare.Comparisons;
import org.llm4msr.runtime.compare.TableWriter;
import org.llm4msr.runtime.data.prepared.Split;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code compare}. */
@CommandLine.Command(
    name = "compare",
    description =
        "Trains a grid of models with several seeds and compares their metrics, with significance"
            + " tests. Run again, it resumes where it stopped.")
final class CompareCommand extends RunsCommand {

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Parameters(paramLabel = "FILE", description = "The YAML file of the comparison.")
  Path file;

  @Option(
      names = "--split",
      defaultValue = "test",
      paramLabel = "SPLIT",
      converter = SplitOption.Converter.class,
      description = "The part to measure on: validation or test (default: ${DEFAULT-VALUE}).")
  Split split = Split.TEST;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "Folder for the tables (default: comparisons/NAME in the workspace of the experiment).")
  @Nullable Path out;

  @Override
  protected void run() {
    Comparison comparison = session().get(Comparisons.class).open(file, overrides, label);
    Interruption interruption = session().interruption();
    interruption.stopWith("Stopping; a checkpoint is being written.", comparison::requestStop);
    ComparisonResult result;
    try {
      result = comparison.run(split, this);
    } finally {
      interruption.cannotStop();
    }
    Path folder = out == null ? comparison.folder() : out;
    TableWriter tables = new TableWriter(result);
    tables.writeAll(folder);
    terminal().result(tables.json(), tables.markdown());
    terminal().note("tables: " + folder);
    if (comparison.note() != null) {
      terminal().note(comparison.note());
    }
    int measured = result.models().stream().mapToInt(model -> model.runs().size()).sum();
    if (measured < comparison.size()) {
      throw new MsrException(
          ErrorType.DATA,
          "compare/FAILED",
          "%d of %d runs failed; the table says why. Fix the cause and compare again: the others are kept."
              .formatted(comparison.size() - measured, comparison.size()));
    }
  }
}
