package org.llm4msr.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.ProgressView;
import org.llm4msr.cli.quickstart.Quickstart;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Stages;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.generation.DataGeneration;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** {@code quickstart}. */
@CommandLine.Command(
    name = "quickstart",
    description =
        "Generates a log, trains a model on it without the knowledge of a language model, with that"
            + " of users and scenarios, and with that of items and histories too, and compares them"
            + " with the best possible AUC. Run again, it resumes where it stopped.")
final class QuickstartCommand extends Command {

  @Option(
      names = "--out",
      defaultValue = "work/quickstart",
      paramLabel = "DIR",
      description = "The folder (default: ${DEFAULT-VALUE}).")
  Path out = Path.of("work/quickstart");

  @Option(
      names = "--interactions",
      defaultValue = "300000",
      paramLabel = "N",
      description = "Rows to generate (default: ${DEFAULT-VALUE}).")
  long interactions;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of training; the data stays the same (default: 7, as in the files).")
  @Nullable Long seed;

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      description = "PyTorch or MXNet (default: PyTorch).")
  @Nullable String engine;

  @Option(
      names = "-D",
      paramLabel = "KEY=VALUE",
      description = "Override a setting of all models, for example -Dtraining.epochs=3.")
  List<String> overrides = new ArrayList<>();

  @Override
  protected void run() {
    Quickstart quickstart = Quickstart.open(out);
    generate(quickstart);
    Stages plain = open(quickstart.plain());
    Stages enhanced = open(quickstart.enhanced());
    Stages allLevels = open(quickstart.allLevels());
    try (ProgressView progress = progress("prepare", "rows")) {
      allLevels.prepare(false, null, progress);
    }
    try (ProgressView progress = progress("extract", "prompts")) {
      KnowledgeCommand.Extract.extract(this, allLevels, false, progress);
    }
    Quickstart.Comparison comparison =
        quickstart.compare(
            new Quickstart.Evaluations(
                trainAndEvaluate(plain, "plain"),
                trainAndEvaluate(enhanced, "enhanced"),
                trainAndEvaluate(allLevels, "all-levels")));
    terminal().note(quickstart.steps(interactions, settings()));
    terminal().result(comparison, comparison.text());
  }

  private void generate(Quickstart quickstart) {
    try (ProgressView progress = progress("generate", "interactions")) {
      session()
          .get(DataGeneration.class)
          .generate(
              quickstart.generator(),
              quickstart.raw(),
              quickstart.generatorSettings(interactions),
              progress);
    }
  }

  private Stages open(Path file) {
    return session().stages(file, settings());
  }

  /** The settings that override those of the files. */
  private List<String> settings() {
    List<String> all = new ArrayList<>();
    if (seed != null) {
      all.add("training.seed=" + seed);
    }
    if (engine != null) {
      all.add("runtime.engine=" + engine);
    }
    all.addAll(overrides);
    return all;
  }

  private EvaluationReport trainAndEvaluate(Stages experiment, String model) {
    String run = run(model, experiment.config().config());
    TrainCommand.train(this, experiment, run, TrainingOptions.NONE, "train " + model);
    return experiment.evaluate(run, Split.TEST, null, (done, total) -> {});
  }

  private static String run(String model, ExperimentConfig config) {
    String engine = config.runtime().engine().toLowerCase(Locale.ROOT);
    return "%s-%s-%d".formatted(model, engine, config.training().seed());
  }
}
