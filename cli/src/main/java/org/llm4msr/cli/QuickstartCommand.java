package org.llm4msr.cli;

import static org.llm4msr.runtime.text.ShellWord.quoted;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.ProgressView;
import org.llm4msr.cli.quickstart.Quickstart;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.evaluation.MetricTable;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Stages;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.generation.DataGeneration;
import org.llm4msr.runtime.text.TextTable;
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

  /** The same, step by step, as commands that a user can start to vary. */
  private String steps(Quickstart quickstart) {
    return """

    The same, step by step (each step skips what is already done):
      %1$s data generate %2$s --out %3$s -Dinteractions=%4$d
      %1$s data prepare %7$s%8$s
      %1$s knowledge extract %7$s%8$s
      %1$s train %5$s%8$s --run mine && %1$s evaluate %5$s%8$s --run mine
      %1$s train %6$s%8$s --run mine-enhanced && %1$s evaluate %6$s%8$s --run mine-enhanced
      %1$s train %7$s%8$s --run mine-all && %1$s evaluate %7$s%8$s --run mine-all
    With the vectors of others, the gain disappears:
      %1$s train %7$s%8$s -Dknowledge.control=shuffled --run shuffled
      %1$s evaluate %7$s%8$s --run shuffled
    """
        .formatted(
            quoted(System.getProperty("llm4msr.command", "llm4msr")),
            quickstart.generator(),
            quoted(quickstart.raw().toString()),
            interactions,
            quoted(quickstart.plain().toString()),
            quoted(quickstart.enhanced().toString()),
            quoted(quickstart.allLevels().toString()),
            settings().stream()
                .map(setting -> " " + quoted("-D" + setting))
                .collect(Collectors.joining()));
  }

  private static String text(Quickstart.Comparison comparison) {
    List<List<String>> rows = new ArrayList<>();
    comparison.scenarios().forEach(row -> rows.add(cells(row)));
    rows.add(cells(comparison.overall()));
    rows.add(cells(comparison.newItems()));
    String table =
        TextTable.of(
            List.of(
                "scenario",
                ">rows",
                ">plain AUC",
                ">+ users, scenarios",
                ">+ items, histories",
                ">Bayes AUC"),
            rows);
    Double closed = comparison.overall().closed();
    if (closed == null || comparison.oracleAuc() == null) {
      return table;
    }
    return table
        + String.format(
            Locale.ROOT,
            "All levels close %.0f %% of the distance from plain to Bayes. Who knows each user's"
                + " taste and reads the texts of items alone has AUC %s.%n",
            100 * closed,
            auc(comparison.oracleAuc()));
  }

  private static List<String> cells(Quickstart.Row row) {
    return List.of(
        row.name(),
        String.format(Locale.ROOT, "%,d", row.rows()),
        auc(row.plainAuc()),
        auc(row.enhancedAuc()),
        auc(row.allLevelsAuc()),
        auc(row.bayesAuc()));
  }

  private static String auc(@Nullable Double value) {
    return value == null ? "-" : MetricTable.number(value);
  }
}
