package org.llm4msr.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.CommandGroup;
import org.llm4msr.cli.command.Interruption;
import org.llm4msr.cli.command.ProgressView;
import org.llm4msr.cli.command.Terminal;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Notice;
import org.llm4msr.runtime.knowledge.extraction.Counts;
import org.llm4msr.runtime.knowledge.extraction.ExtractionPlan;
import org.llm4msr.runtime.knowledge.extraction.ExtractionResult;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection;
import org.llm4msr.runtime.knowledge.extraction.PromptFile;
import org.llm4msr.runtime.knowledge.extraction.PromptPreview;
import org.llm4msr.runtime.knowledge.extraction.WrittenPrompts;
import org.llm4msr.runtime.knowledge.store.StoreInfo;
import org.llm4msr.runtime.knowledge.store.Without;
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

    /** Longer times are told in minutes. */
    private static final int SECONDS_SHOWN = 120;

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
      Experiment experiment = experiment();
      if (accept) {
        experiment.acceptKnowledge();
      }
      if (dryRun) {
        atLeast("--prompts", prompts, 0);
        ExtractionPlan plan;
        try (ProgressView progress = progress("count", "prompts")) {
          plan = experiment.planExtraction(rebuild, prompts, measure, progress);
        }
        terminal().result(plan, text(plan.prompts()) + text(plan));
        return;
      }
      ExtractionResult result;
      try (ProgressView progress = progress("extract", "prompts")) {
        result = extract(this, experiment, rebuild, progress);
      }
      String text = text(result, experiment);
      terminal()
          .result(result, Notice.LEAK.appendedTo(text, result.info().leakFutureInteractions()));
    }

    /** Extracts, and on Ctrl-C waits for the current call of the model. */
    static ExtractionResult extract(
        Command command, Experiment experiment, boolean rebuild, ProgressView progress) {
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

    private static String text(PromptPreview preview) {
      StringBuilder text = new StringBuilder();
      preview.scenarios().forEach(item -> append("scenario", item, preview.maxTokens(), text));
      preview.users().forEach(item -> append("user", item, preview.maxTokens(), text));
      preview.items().forEach(item -> append("item", item, preview.maxTokens(), text));
      return text.toString();
    }

    private static void append(
        String level, PromptPreview.Item item, int maxTokens, StringBuilder text) {
      String head = "--- %s %s: %d of at most %d tokens, %d history items dropped%n%s%n";
      text.append(
          head.formatted(
              level, item.key(), item.tokens(), maxTokens, item.droppedHistory(), item.text()));
    }

    private static String text(ExtractionResult result, Experiment experiment) {
      String head = experiment.workspace().knowledge() + ": " + counts(result.info());
      String done =
          result.read() == 0
              ? "all stored already, nothing to read"
              : String.format(
                  Locale.ROOT,
                  "%,d prompts read at %,.1f/s (%,.0f tokens/s)%s, %,d stored already,"
                      + " %,d lost %,d history items",
                  result.read(),
                  result.promptsPerSecond(),
                  result.tokensPerSecond(),
                  result.device() == null ? "" : " on " + result.device(),
                  result.stored(),
                  result.shortened(),
                  result.droppedHistory());
      return head
          + "; "
          + done
          + '\n'
          + without("users", result.users())
          + without("items", result.items());
    }

    private static String text(ExtractionPlan plan) {
      List<String> headings =
          List.of(
              "level", ">to read", ">stored already", ">without vector", ">tokens", ">characters");
      String mismatch =
          plan.mismatch().isEmpty()
              ? ""
              : "The store that is there is of no use (%s): all is read, with --rebuild.%n"
                  .formatted(String.join("; ", plan.mismatch()));
      return Terminal.table(
              headings,
              List.of(
                  row("scenario", plan.scenarios()),
                  row("user", plan.users()),
                  row("item", plan.items())))
          + mismatch
          + without("users", plan.users().counts())
          + without("items", plan.items().counts())
          + time(plan);
    }

    private static List<String> row(String level, ExtractionPlan.PlannedLevel planned) {
      Without without = planned.counts().without();
      return Stream.concat(
              Stream.of(level),
              LongStream.of(
                      planned.counts().read(),
                      planned.counts().stored(),
                      without.all(),
                      planned.tokens(),
                      planned.characters())
                  .mapToObj(count -> String.format(Locale.ROOT, "%,d", count)))
          .toList();
    }

    private static String time(ExtractionPlan plan) {
      ExtractionPlan.Estimate estimate = plan.estimate();
      if (plan.read() == 0) {
        return "nothing to read";
      }
      if (estimate == null) {
        return "No estimate of the time: nothing was read. Add --measure to have some prompts read,"
            + " which a service may charge for.";
      }
      List<String> read = estimate.measuredPrompts();
      return String.format(
          Locale.ROOT,
          "Reading takes about %s, by tokens: %d of these prompts, with %,d tokens, took %.2f s,"
              + " after others to warm up. Read were %s%s.",
          estimate.seconds() < SECONDS_SHOWN
              ? String.format(Locale.ROOT, "%.0f s", Math.ceil(estimate.seconds()))
              : ProgressView.about(estimate.seconds()),
          read.size(),
          estimate.measuredTokens(),
          estimate.measuredSeconds(),
          read.size() > Counts.NAMED ? "among others " : "",
          String.join(", ", read.subList(0, Math.min(read.size(), Counts.NAMED))));
    }
  }

  /** Tells in a line who got no vector, and why; nothing if all have one. */
  private static String without(String level, Counts counts) {
    Without without = counts.without();
    List<String> reasons = new ArrayList<>();
    add(reasons, without.belowThreshold(), "below the threshold", List.of());
    add(reasons, without.limited(), "beyond the limit", List.of());
    add(reasons, without.empty(), "with an empty prompt", counts.empty());
    add(reasons, without.withoutHistory(), "whose history does not fit", counts.withoutHistory());
    add(reasons, without.refused(), "refused", counts.refused());
    return reasons.isEmpty()
        ? ""
        : "%s without a vector: %s%n".formatted(level, String.join("; ", reasons));
  }

  private static String without(String level, @Nullable Without without) {
    return without == null
        ? ""
        : without(level, new Counts(0, 0, without, List.of(), List.of(), List.of()));
  }

  private static void add(List<String> reasons, long count, String reason, List<String> keys) {
    if (count > 0) {
      String named =
          keys.isEmpty()
              ? ""
              : " (%s%s)".formatted(String.join(", ", keys), count > keys.size() ? ", ..." : "");
      reasons.add(String.format(Locale.ROOT, "%,d %s%s", count, reason, named));
    }
  }

  private static String counts(StoreInfo info) {
    String items = info.items() == 0 ? "" : String.format(Locale.ROOT, ", %,d items", info.items());
    return String.format(
        Locale.ROOT, "%,d scenarios, %,d users%s", info.scenarios(), info.users(), items);
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
      String text =
          String.format(
              Locale.ROOT,
              "%s: %,d scenarios, %,d users, %,d items; %,d lost %,d history items",
              out,
              written.scenarios(),
              written.users(),
              written.items(),
              written.shortened(),
              written.droppedHistory());
      terminal().result(written, Notice.LEAK.appendedTo(text, written.leakFutureInteractions()));
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
        terminal().result(summary, Notice.LEAK.appendedTo(text(summary), leaks));
      }
    }

    private void print(KnowledgeInspection.Neighbourhood nearest) {
      StringBuilder text = new StringBuilder(nearest.key()).append('\n');
      append(nearest.prompt(), nearest.generated(), text);
      nearest
          .neighbours()
          .forEach(
              near -> {
                text.append(String.format(Locale.ROOT, "%.3f  %s%n", near.cosine(), near.key()));
                append(near.prompt(), near.generated(), text);
              });
      terminal().result(nearest, text.toString());
    }

    private static void append(String prompt, @Nullable String generated, StringBuilder text) {
      text.append("    ").append(prompt).append('\n');
      if (generated != null) {
        text.append("  > ").append(generated.strip().replace("\n", "\n    ")).append('\n');
      }
    }

    private static String text(KnowledgeInspection.Summary summary) {
      var info = summary.info();
      String head =
          "%s (%s), K = %d, %s%n"
              .formatted(
                  info.encoder().model(),
                  info.encoder().revision(),
                  info.encoder().dimension(),
                  info.complete() ? "complete" : "not complete: extract resumes where it stopped");
      List<String> headings =
          List.of(
              "level", ">vectors", ">norm", ">tokens", ">mean cosine", ">shortened", ">dropped");
      return head
          + Terminal.table(
              headings,
              List.of(
                  row("scenario", summary.scenarios()),
                  row("user", summary.users()),
                  row("item", summary.items())))
          + without("users", info.usersWithout())
          + without("items", info.itemsWithout());
    }

    private static List<String> row(String level, KnowledgeInspection.LevelSummary summary) {
      return List.of(
          level,
          String.format(Locale.ROOT, "%,d", summary.count()),
          range(summary.norm(), "%.2f"),
          range(summary.tokens(), "%.0f"),
          String.format(Locale.ROOT, "%.3f", summary.meanCosine()),
          String.format(Locale.ROOT, "%,d", summary.shortened()),
          String.format(Locale.ROOT, "%,d", summary.droppedHistory()));
    }

    private static String range(KnowledgeInspection.Range range, String form) {
      return String.format(
          Locale.ROOT, form + " / " + form + " / " + form, range.min(), range.mean(), range.max());
    }
  }
}
