package org.llm4msr.runtime.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.DataGeneration;
import org.llm4msr.runtime.EvaluationReport;
import org.llm4msr.runtime.Experiment;
import org.llm4msr.runtime.Quickstart;
import org.llm4msr.runtime.TrainingOptions;
import org.llm4msr.runtime.data.Split;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** {@code quickstart}. */
@CommandLine.Command(
    name = "quickstart",
    description =
        "Generates a log, trains a model on it without and with the knowledge of a language model,"
            + " and compares both with what is possible. Started again, it goes on where it"
            + " stopped.")
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
      defaultValue = "7",
      paramLabel = "N",
      description = "Seed of training; the data stays the same (default: ${DEFAULT-VALUE}).")
  long seed;

  @Option(
      names = "--engine",
      defaultValue = "PyTorch",
      paramLabel = "NAME",
      description = "PyTorch or MXNet (default: ${DEFAULT-VALUE}).")
  String engine = "PyTorch";

  @Option(
      names = "-D",
      paramLabel = "KEY=VALUE",
      description = "Override a setting of both models, for example -Dtraining.epochs=3.")
  List<String> overrides = new ArrayList<>();

  @Override
  void run() {
    Quickstart quickstart = Quickstart.open(out);
    generate(quickstart);
    Experiment plain = open(quickstart.plain());
    Experiment enhanced = open(quickstart.enhanced());
    try (ProgressView progress = progress("prepare", "rows")) {
      enhanced.prepare(false, progress);
    }
    try (ProgressView progress = progress("extract", "prompts")) {
      KnowledgeCommand.Extract.extract(this, enhanced, false, progress);
    }
    EvaluationReport without = trainAndEvaluate(plain, "plain");
    EvaluationReport with = trainAndEvaluate(enhanced, "enhanced");
    Quickstart.Comparison comparison = quickstart.compare(without, with);
    terminal().note(steps(quickstart));
    terminal().result(comparison, text(comparison));
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

  private Experiment open(Path file) {
    List<String> all = new ArrayList<>();
    all.add("training.seed=" + seed);
    all.add("runtime.engine=" + engine);
    all.addAll(overrides);
    return session().open(file, all);
  }

  private EvaluationReport trainAndEvaluate(Experiment experiment, String model) {
    String run = run(model);
    TrainCommand.train(this, experiment, run, TrainingOptions.NONE, "train " + model);
    return experiment.evaluate(run, Split.TEST, null, (done, total) -> {});
  }

  private String run(String model) {
    return model + "-" + engine.toLowerCase(Locale.ROOT) + "-" + seed;
  }

  /** The same, step by step: the first thing to change something in. */
  private String steps(Quickstart quickstart) {
    Path enhanced = quickstart.enhanced();
    return """

        The same, step by step (each step finds what is done already):
          llm4msr data generate %1$s --out %2$s -Dinteractions=%3$d
          llm4msr data prepare %4$s
          llm4msr knowledge extract %4$s
          llm4msr train %5$s --run mine && llm4msr evaluate %5$s --run mine
          llm4msr train %4$s --run mine-enhanced && llm4msr evaluate %4$s --run mine-enhanced
        """
        .formatted(
            quickstart.generator(), quickstart.raw(), interactions, enhanced, quickstart.plain());
  }

  private static String text(Quickstart.Comparison comparison) {
    List<List<String>> rows = new ArrayList<>();
    comparison.scenarios().forEach(row -> rows.add(cells(row)));
    rows.add(cells(comparison.overall()));
    return Terminal.table(
        List.of("scenario", ">rows", ">plain AUC", ">enhanced AUC", ">Bayes AUC"), rows);
  }

  private static List<String> cells(Quickstart.Row row) {
    return List.of(
        row.name(),
        String.format(Locale.ROOT, "%,d", row.rows()),
        auc(row.plainAuc()),
        auc(row.enhancedAuc()),
        auc(row.bayesAuc()));
  }

  private static String auc(@Nullable Double value) {
    return value == null ? "-" : EvaluateCommand.number(value);
  }
}
