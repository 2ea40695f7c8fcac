package org.llm4msr.cli;

import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.CommandGroup;
import org.llm4msr.cli.options.RunOption;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.BundleDiff;
import org.llm4msr.runtime.bundle.BundleManifest;
import org.llm4msr.runtime.bundle.BundleModel;
import org.llm4msr.runtime.config.ScoringConfig;
import org.llm4msr.runtime.config.loading.FlatValues;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.data.rows.ScoringColumn;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.text.TextTable;
import org.llm4msr.serving.publishing.Publication;
import org.llm4msr.serving.publishing.PublishRequest;
import org.llm4msr.serving.publishing.Publisher;
import org.llm4msr.serving.publishing.TrialResult;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bundle}. */
@CommandLine.Command(
    name = "bundle",
    description = "Inspects, compares, creates and publishes model bundles.",
    subcommands = {
      BundleCommand.Inspect.class,
      BundleCommand.Diff.class,
      BundleCommand.Create.class,
      BundleCommand.Publish.class
    })
final class BundleCommand extends CommandGroup {

  /** The output of {@code bundle inspect} with {@code --json}. */
  record Inspection(
      Path bundle, String digest, BundleManifest manifest, List<ScoringColumn> columns) {}

  /** {@code bundle inspect}. */
  @CommandLine.Command(
      name = "inspect",
      description = "Checks every byte of a bundle and shows what it holds and needs.")
  static final class Inspect extends Command {

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Parameters(paramLabel = "BUNDLE", description = "The folder of the bundle.")
    Path folder;

    @Override
    protected void run() {
      Bundle bundle = Bundle.open(folder);
      List<ScoringColumn> columns = encoder(bundle).columns();
      var inspection = new Inspection(folder, bundle.digest(), bundle.manifest(), columns);
      terminal().result(inspection, text(inspection));
    }

    /** Only its plugins tell what a model reads beside fields; other programs may lack them. */
    private RowEncoder encoder(Bundle bundle) {
      try {
        ScoringConfig config = BundleModel.config(bundle, List.of(), session().loader());
        return BundleModel.encoder(bundle, config);
      } catch (MsrException e) {
        if (!e.code().equals("config/INVALID")) {
          throw e;
        }
        terminal().note("warning: columns that are no fields are not known: " + e.text());
        return BundleModel.encoder(bundle);
      }
    }

    private static String text(Inspection inspection) {
      BundleManifest manifest = inspection.manifest();
      StringBuilder text = new StringBuilder();
      line(text, "bundle", inspection.bundle() + ", complete");
      line(text, "digest", inspection.digest());
      line(text, "bundle written", manifest.written());
      line(
          text,
          "size",
          String.format(
              Locale.ROOT, "%,d bytes in %d files", manifest.bytes(), manifest.files().size()));
      manifest
          .plugins()
          .forEach(
              plugin ->
                  line(
                      text,
                      plugin.kind(),
                      "%s (%s %s"
                              .formatted(plugin.name(), plugin.version(), plugin.shortDigest())
                              .strip()
                          + ")"));
      manifest.provenance().forEach((key, value) -> line(text, key, provenance(value)));
      FlatValues.of(manifest.training()).forEach((key, value) -> metric(text, key, value));
      line(text, "needs columns", names(inspection.columns(), true));
      line(text, "may have columns", names(inspection.columns(), false));
      inspection.columns().stream()
          .filter(column -> column.isTime() || column.isHistory() || column.isItemVector())
          .forEach(column -> line(text, "without " + column.name(), column.without()));
      return text.toString();
    }

    private static String provenance(Object value) {
      return value instanceof Map<?, ?> map && map.get("encoder") instanceof Map<?, ?> encoder
          ? "%s, %s users, %s scenarios"
              .formatted(encoder.get("model"), map.get("users"), map.get("scenarios"))
          : String.valueOf(value);
    }

    private static void metric(StringBuilder text, String key, String value) {
      Set<String> shown = Set.of("steps", "bestStep", "stoppedEarly", "leakFutureInteractions");
      String overall = "validation.overall.";
      if (shown.contains(key)) {
        line(text, key, value);
      } else if (key.startsWith(overall) && !key.endsWith("name") && !value.equals("null")) {
        line(text, "validation " + key.substring(overall.length()), value);
      }
    }

    private static String names(List<ScoringColumn> columns, boolean required) {
      return columns.stream()
          .filter(column -> column.required() == required)
          .map(column -> column.name() + " (" + column.kind() + ")")
          .collect(Collectors.joining(", "));
    }

    private static void line(StringBuilder text, String key, String value) {
      text.append(String.format(Locale.ROOT, "%-20s %s%n", key, value));
    }
  }

  /** {@code bundle diff}. */
  @CommandLine.Command(
      name = "diff",
      description = "Shows how two bundles differ: configuration, provenance, metrics, weights.")
  static final class Diff extends Command {

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Parameters(index = "0", paramLabel = "A", description = "A bundle.")
    Path first;

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Parameters(index = "1", paramLabel = "B", description = "Another.")
    Path second;

    @Override
    protected void run() {
      List<BundleDiff.Difference> differences =
          BundleDiff.between(Bundle.open(first), Bundle.open(second));
      List<List<String>> rows = new ArrayList<>();
      differences.forEach(
          difference ->
              rows.add(List.of(difference.key(), difference.first(), difference.second())));
      String text =
          rows.isEmpty()
              ? "The bundles do not differ."
              : TextTable.of(List.of("what", "A", "B"), rows);
      terminal().result(differences, text);
    }
  }

  /** {@code bundle create}. */
  @CommandLine.Command(
      name = "create",
      description = "Creates a bundle from the best state of a finished run.")
  static final class Create extends ExperimentCommand {

    @Mixin RunOption run = new RunOption();

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Option(names = "--out", required = true, paramLabel = "DIR", description = "A new folder.")
    Path out;

    @Override
    protected void run() {
      experiment().createBundle(run.name, out);
      terminal().result(Map.of("bundle", out), out + " is written.");
    }
  }

  /** {@code bundle publish}. */
  @CommandLine.Command(
      name = "publish",
      description =
          "Compiles a bundle and makes it the version that servers of a folder take next. With"
              + " --rows it is calibrated and compared with the version before first.")
  static final class Publish extends Command {

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Parameters(paramLabel = "BUNDLE", description = "The folder of the bundle.")
    Path folder;

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Option(
        names = "--to",
        required = true,
        paramLabel = "DIR",
        description = "The folder of versions that servers look at.")
    Path versions;

    @Option(
        names = "--name",
        paramLabel = "NAME",
        description = "The name of the version (default: the day and a number, 2026-01-31-1).")
    @Nullable String name;

    @Option(
        names = "--rows",
        paramLabel = "FILE",
        description =
            "Rows as `score` reads them, with a column label of 0 and 1: half of them fit the"
                + " calibration, half compare the two versions (default: neither is done).")
    @Nullable Path rows;

    @Option(
        names = "--list-separator",
        paramLabel = "TEXT",
        defaultValue = "|",
        description = "Separator of the values of a list that is one text (default: |).")
    String listSeparator = "|";

    @Option(
        names = "--force",
        description = "Publish it even if it is worse on these rows than the version before.")
    boolean force;

    @Override
    protected String keptWhenInterrupted() {
      return "Interrupted; nothing was published.";
    }

    @Override
    protected void run() {
      Publication done =
          new Publisher(session().loader(), Clock.systemUTC())
              .publish(
                  Bundle.open(folder),
                  new PublishRequest(versions, name, rows, listSeparator, force));
      terminal().result(done, text(done));
    }

    private static String text(Publication done) {
      StringBuilder text = new StringBuilder();
      TrialResult trial = done.trial();
      if (trial != null) {
        text.append(table(trial)).append('\n');
      }
      text.append("%s is published as %s.".formatted(done.folder(), done.version()));
      if (trial != null && trial.before() != null) {
        text.append(
            String.format(
                Locale.ROOT,
                "%nLogLoss changes by %+.4f from that of %s, with a standard error of %.4f.",
                trial.change(),
                done.previous(),
                trial.standardError()));
      }
      if (done.pinned() != null) {
        text.append(
            "%nServers stay with %s, which the file PINNED names; delete it, or choose the new version by name."
                .formatted(done.pinned()));
      }
      return text.toString();
    }

    private static String table(TrialResult trial) {
      List<List<String>> rows = new ArrayList<>();
      EvaluationResult before = trial.before();
      for (int s = 0; s < trial.now().scenarios().size(); s++) {
        Metrics old = before == null ? null : before.scenarios().get(s);
        rows.add(row(trial.now().scenarios().get(s), old));
      }
      rows.add(row(trial.now().overall(), before == null ? null : before.overall()));
      return TextTable.of(
          List.of(
              "scenario",
              ">rows",
              ">AUC before",
              ">now",
              ">LogLoss before",
              ">now",
              ">clicks",
              ">predicted before",
              ">now"),
          rows);
    }

    private static List<String> row(Metrics now, @Nullable Metrics before) {
      return List.of(
          now.name(),
          String.format(Locale.ROOT, "%,d", now.rows()),
          before == null ? "-" : number(before.auc()),
          number(now.auc()),
          before == null ? "-" : number(before.logLoss()),
          number(now.logLoss()),
          number(now.value("meanLabel")),
          before == null ? "-" : number(before.value("meanPrediction")),
          number(now.value("meanPrediction")));
    }

    private static String number(double value) {
      return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.4f", value);
    }
  }
}
