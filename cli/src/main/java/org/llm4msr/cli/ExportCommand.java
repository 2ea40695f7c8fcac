package org.llm4msr.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.CommandGroup;
import org.llm4msr.cli.command.ProgressView;
import org.llm4msr.cli.options.RunOption;
import org.llm4msr.cli.options.SplitOption;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.EmbeddingExport;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Notice;
import org.llm4msr.serving.export.Exported;
import org.llm4msr.serving.export.OnnxExporter;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code export}. */
@CommandLine.Command(
    name = "export",
    description = "Writes models, embeddings and predictions for other tools.",
    subcommands = {
      ExportCommand.Onnx.class,
      ExportCommand.Embeddings.class,
      ExportCommand.Predictions.class
    })
final class ExportCommand extends CommandGroup {

  /** {@code export onnx}. */
  @CommandLine.Command(
      name = "onnx",
      description =
          "Writes a bundle's model as ONNX graphs, and what turns rows into their inputs.")
  static final class Onnx extends Command {

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Parameters(paramLabel = "BUNDLE", description = "The bundle.")
    Path bundle;

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Option(names = "--out", required = true, paramLabel = "DIR", description = "A new folder.")
    Path out;

    @Override
    protected void run() {
      Exported exported = new OnnxExporter(session().loader()).export(Bundle.open(bundle), out);
      String files = "%s: %s".formatted(out, String.join(", ", exported.files()));
      String leftOut = exported.leftOut();
      terminal().result(exported, leftOut == null ? files : files + "\n" + leftOut);
    }
  }

  /** {@code export embeddings}. */
  @CommandLine.Command(
      name = "embeddings",
      description = "Writes the value and the vector of every id, one Arrow file per field.")
  static final class Embeddings extends Command {

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Parameters(paramLabel = "BUNDLE", description = "The bundle.")
    Path bundle;

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Option(names = "--out", required = true, paramLabel = "DIR", description = "A folder.")
    Path out;

    @Option(
        names = "--fields",
        split = ",",
        paramLabel = "FIELD",
        description = "The fields (default: all).")
    List<String> fields = List.of();

    @Override
    protected void run() {
      List<Path> files = new EmbeddingExport(Bundle.open(bundle)).write(fields, out);
      terminal()
          .result(
              Map.of("files", files.stream().map(Path::toString).toList()),
              "%s: %d files".formatted(out, files.size()));
    }
  }

  /** {@code export predictions}. */
  @CommandLine.Command(
      name = "predictions",
      description = "Writes the prediction of every row of a part, like evaluate --predictions.")
  static final class Predictions extends ExperimentCommand {

    @Mixin RunOption run = new RunOption();

    @Mixin SplitOption split = new SplitOption();

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Option(
        names = "--out",
        required = true,
        paramLabel = "FILE",
        description = "The predictions: .arrow, .parquet or .csv.")
    Path out;

    @Override
    protected void run() {
      try (ProgressView progress = progress("predict", "rows")) {
        EvaluationReport report = stages().evaluate(run.name, split.part, out, progress);
        long rows = report.result().overall().rows();
        boolean leaks = report.leakFutureInteractions();
        terminal()
            .result(
                Map.of("file", out.toString(), "rows", rows, "leakFutureInteractions", leaks),
                Notice.LEAK.appendedTo("%s: %,d rows".formatted(out, rows), leaks));
      }
    }
  }
}
