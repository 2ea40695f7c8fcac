package org.llm4msr.cli;

import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.CommandGroup;
import org.llm4msr.cli.command.Interruption;
import org.llm4msr.cli.command.ProgressView;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Notice;
import org.llm4msr.runtime.experiment.Stages;
import org.llm4msr.runtime.knowledge.extraction.ExtractionPlan;
import org.llm4msr.runtime.knowledge.extraction.ExtractionResult;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection;
import org.llm4msr.runtime.knowledge.extraction.PromptFile;
import org.llm4msr.runtime.knowledge.extraction.WrittenPrompts;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code knowledge}. */
@CommandLine.Command(
    name = "knowledge",
    description = "Extracts and inspects what the language model knows.",
    subcommands = {
      KnowledgeCommand.Extract.class,
      KnowledgeCommand.Prompts.class,
      KnowledgeCommand.Inspect.class
    })
final class KnowledgeCommand extends CommandGroup {

  /** {@code knowledge extract}. */
  @CommandLine.Command(
      name = "extract",
      description = "Has the language model read the prompts; resumes where it stopped.")
  static final class Extract extends ExperimentCommand {

    @Option(
        names = "--dry-run",
        description =
            "Tell what would be read and how long it would take, and print the first prompts."
                + " Writes nothing.")
    boolean dryRun;

    @Option(
        names = "--measure",
        negatable = true,
        description =
            "With --dry-run: have the language model read up to 512 of the prompts, to estimate its"
                + " time; by default unless a service would be asked.")
    @Nullable Boolean measure;

    @Option(
        names = "--prompts",
        defaultValue = "3",
        paramLabel = "N",
        description = "With --dry-run: prompts of each level (default: ${DEFAULT-VALUE}).")
    int prompts;

    @Option(
        names = {"--rebuild", "--force"},
        description = "Discard what is stored, and extract everything again.")
    boolean rebuild;

    @Option(
        names = "--accept",
        description =
            "Keep vectors that other code of a plugin made, and do not warn of it any more.")
    boolean accept;

    @Override
    protected void run() {
      if (accept && rebuild) {
        throw new ParameterException(
            spec.commandLine(), "--accept keeps what is stored, and --rebuild discards it");
      }
      Stages experiment = stages();
      if (accept) {
        experiment.acceptKnowledge();
      }
      if (dryRun) {
        atLeast("--prompts", prompts, 0);
        ExtractionPlan plan;
        try (ProgressView progress = progress("count", "prompts")) {
          plan = experiment.planExtraction(rebuild, prompts, measure, progress);
        }
        terminal().result(plan, plan.text());
        return;
      }
      ExtractionResult result;
      try (ProgressView progress = progress("extract", "prompts")) {
        result = extract(this, experiment, rebuild, progress);
      }
      String text = result.text(experiment.workspace().knowledge());
      terminal()
          .result(result, Notice.LEAK.appendedTo(text, result.info().leakFutureInteractions()));
    }

    /** Extracts, and on Ctrl-C waits for the current call of the model. */
    static ExtractionResult extract(
        Command command, Stages experiment, boolean rebuild, ProgressView progress) {
      Interruption interruption = command.session().interruption();
      interruption.stopWith(
          experiment::isRunning,
          "Stopping; the prompts that the model is reading are finished and stored.",
          experiment::requestStop);
      try {
        return experiment.extract(rebuild, progress);
      } finally {
        interruption.cannotStop();
      }
    }
  }

  /** {@code knowledge prompts}. */
  @CommandLine.Command(
      name = "prompts",
      description = "Writes all prompts for another tool, without the language model.")
  static final class Prompts extends ExperimentCommand {

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Option(
        names = "--out",
        required = true,
        paramLabel = "FILE",
        description = "The prompts, one a line: .jsonl or .jsonl.gz.")
    Path out;

    @Option(
        names = "--fit",
        description =
            "Drop history items until each prompt fits the language model, and leave out those that"
                + " get no vector, as extract does.")
    boolean fit;

    @Option(names = "--force", description = "Replace an existing file.")
    boolean force;

    @Override
    protected String keptWhenInterrupted() {
      return "Interrupted; nothing was written.";
    }

    @Override
    protected void run() {
      PromptFile target = PromptFile.at(out, force);
      WrittenPrompts written;
      try (ProgressView progress = progress("write", "prompts")) {
        written = experiment().writePrompts(target, fit, progress);
      }
      terminal()
          .result(
              written, Notice.LEAK.appendedTo(written.text(out), written.leakFutureInteractions()));
    }
  }

  /** {@code knowledge inspect}. */
  @CommandLine.Command(
      name = "inspect",
      description =
          "Shows counts and norms, or the nearest neighbours of a user, scenario or item.")
  static final class Inspect extends ExperimentCommand {

    @Option(
        names = "--user",
        paramLabel = "KEY",
        description = "Show the users nearest to this one, with prompts and generated answers.")
    @Nullable String user;

    @Option(
        names = "--scenario",
        paramLabel = "KEY",
        description = "Show the scenarios nearest to this one, with prompts and generated answers.")
    @Nullable String scenario;

    @Option(
        names = "--item",
        paramLabel = "KEY",
        description = "Show the items nearest to this one, with prompts and generated answers.")
    @Nullable String item;

    @Option(
        names = "--neighbours",
        defaultValue = "5",
        paramLabel = "N",
        description = "How many neighbours (default: ${DEFAULT-VALUE}).")
    int count;

    @Override
    protected void run() {
      Experiment experiment = experiment();
      atLeast("--neighbours", count, 1);
      if (Stream.of(user, scenario, item).filter(Objects::nonNull).count() > 1) {
        throw new ParameterException(
            spec.commandLine(), "only one of --user, --scenario and --item can be given");
      }
      if (user != null) {
        print(experiment.nearest(Level.USER, user, count));
      } else if (scenario != null) {
        print(experiment.nearest(Level.SCENARIO, scenario, count));
      } else if (item != null) {
        print(experiment.nearest(Level.ITEM, item, count));
      } else {
        KnowledgeInspection.Summary summary = experiment.inspectKnowledge();
        boolean leaks = summary.info().leakFutureInteractions();
        terminal().result(summary, Notice.LEAK.appendedTo(summary.text(), leaks));
      }
    }

    private void print(KnowledgeInspection.Neighbourhood nearest) {
      terminal().result(nearest, nearest.text());
    }
  }
}
