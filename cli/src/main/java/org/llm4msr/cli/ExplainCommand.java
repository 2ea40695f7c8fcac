package org.llm4msr.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.command.ProgressView;
import org.llm4msr.cli.options.RunOption;
import org.llm4msr.cli.options.SplitOption;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.explanation.Explanation;
import org.llm4msr.runtime.explanation.ExplanationRequest;
import org.llm4msr.runtime.report.ExplanationTables;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code explain}. */
@CommandLine.Command(
    name = "explain",
    description =
        "Shows what the knowledge of a run says, what its scores are made of, and what they become"
            + " without each level of knowledge.")
final class ExplainCommand extends ExperimentCommand {

  @Mixin RunOption run = new RunOption();

  @Option(
      names = "--user",
      paramLabel = "KEY",
      description = "Explain the scores of one user (default: of all rows of the part).")
  @Nullable String user;

  @Option(
      names = "--scenario",
      paramLabel = "KEY",
      description = "Explain the scores in one scenario (default: in all).")
  @Nullable String scenario;

  @Option(
      names = "--item",
      paramLabel = "KEY",
      description = "Explain the score of the user with this item, in place of rows of the part.")
  @Nullable String item;

  @Option(
      names = "--with",
      paramLabel = "COLUMN=VALUE",
      description =
          "With --item: the value of a column that is stored neither with the user nor with the"
              + " item; values of a list are separated by |. Repeatable.")
  Map<String, String> values = new LinkedHashMap<>();

  @Mixin SplitOption split = new SplitOption();

  @Option(
      names = "--rows",
      defaultValue = "5",
      paramLabel = "N",
      description = "How many rows of the user to show one by one (default: ${DEFAULT-VALUE}).")
  int rows;

  @Option(
      names = "--neighbours",
      defaultValue = "5",
      paramLabel = "N",
      description = "How many neighbours of each vector (default: ${DEFAULT-VALUE}).")
  int neighbours;

  @Override
  protected void run() {
    if (item != null && user == null) {
      throw new ParameterException(spec.commandLine(), "--item needs --user");
    }
    if (item == null && !values.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "--with needs --item");
    }
    ExplanationRequest request =
        new ExplanationRequest(
            user,
            scenario,
            item,
            values,
            split.part,
            atLeast("--rows", rows, 0),
            atLeast("--neighbours", neighbours, 1));
    Experiment experiment = experiment();
    Explanation explanation;
    try (ProgressView progress = progress("explain", "rows")) {
      explanation = experiment.explain(run.name, request, progress);
    }
    terminal().result(explanation, new ExplanationTables(explanation).text());
  }
}
