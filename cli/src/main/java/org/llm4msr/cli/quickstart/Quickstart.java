package org.llm4msr.cli.quickstart;

import static org.llm4msr.runtime.text.ShellWord.quoted;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.slices.RowSlices;
import org.llm4msr.runtime.evaluation.MetricTable;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.runtime.text.TextTable;

/**
 * The files of the quickstart and its result. Its configurations are resources of the distribution.
 * They are written into the folder, so that the single commands can read them as well.
 */
public final class Quickstart {

  private static final String RESOURCES = "/org/llm4msr/quickstart/";
  private static final String OVERALL = "overall";
  private static final String GENERATOR = "generator.properties";
  private static final List<String> FILES =
      List.of(GENERATOR, "enhanced.yaml", "plain.yaml", "all-levels.yaml");

  private final Path folder;
  private final Properties generator;

  Quickstart(Path folder, Properties generator) {
    this.folder = folder;
    this.generator = generator;
  }

  /**
   * One line of the result.
   *
   * @param name the scenario, or which rows
   * @param rows test rows
   * @param plainAuc without knowledge; null if it is not defined
   * @param enhancedAuc with knowledge of users and scenarios
   * @param allLevelsAuc with knowledge of items too, and of histories
   * @param bayesAuc of the true probabilities; null if the generator did not state it
   */
  public record Row(
      String name,
      long rows,
      @Nullable Double plainAuc,
      @Nullable Double enhancedAuc,
      @Nullable Double allLevelsAuc,
      @Nullable Double bayesAuc) {

    /**
     * Returns the share of the distance from plain to Bayes that all levels close; null if unknown.
     */
    public @Nullable Double closed() {
      return plainAuc == null || allLevelsAuc == null || bayesAuc == null
          ? null
          : (allLevelsAuc - plainAuc) / (bayesAuc - plainAuc);
    }

    private List<String> cells() {
      return List.of(
          name,
          String.format(Locale.ROOT, "%,d", rows),
          text(plainAuc),
          text(enhancedAuc),
          text(allLevelsAuc),
          text(bayesAuc));
    }

    private static String text(@Nullable Double value) {
      return value == null ? "-" : MetricTable.number(value);
    }
  }

  /**
   * The result.
   *
   * @param overall all test rows together
   * @param scenarios each scenario
   * @param newItems test rows of items without a training row
   * @param oracleAuc of who knows each user's taste and reads the texts of items alone; null if the
   *     generator did not state it
   */
  public record Comparison(
      Row overall, List<Row> scenarios, Row newItems, @Nullable Double oracleAuc) {
    public Comparison {
      scenarios = List.copyOf(scenarios);
    }

    /** Returns a table, and below it what of the possible gain was reached. */
    public String text() {
      List<List<String>> rows = new ArrayList<>();
      scenarios.forEach(row -> rows.add(row.cells()));
      rows.add(overall.cells());
      rows.add(newItems.cells());
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
      Double closed = overall.closed();
      if (closed == null || oracleAuc == null) {
        return table;
      }
      return table
          + String.format(
              Locale.ROOT,
              "All levels close %.0f %% of the distance from plain to Bayes. Who knows each user's"
                  + " taste and reads the texts of items alone has AUC %s.%n",
              100 * closed,
              MetricTable.number(oracleAuc));
    }
  }

  /**
   * The evaluations of the test part.
   *
   * @param plain without knowledge
   * @param enhanced with users and scenarios
   * @param allLevels with items and histories too
   */
  public record Evaluations(
      EvaluationReport plain, EvaluationReport enhanced, EvaluationReport allLevels) {

    private Row row(
        String name, Function<EvaluationReport, @Nullable Metrics> part, JsonNode truth) {
      Metrics of = part.apply(plain);
      long rows = of == null ? 0 : of.rows();
      // With a changed split, the test part has other rows than the stated truth.
      boolean sameRows = truth.path("rows").asLong(-1) == rows;
      JsonNode bayes = truth.path("auc");
      return new Row(
          name,
          rows,
          auc(of),
          auc(part.apply(enhanced)),
          auc(part.apply(allLevels)),
          sameRows && bayes.isNumber() ? bayes.doubleValue() : null);
    }

    private static @Nullable Double auc(@Nullable Metrics metrics) {
      return metrics == null || Double.isNaN(metrics.auc()) ? null : metrics.auc();
    }
  }

  /** Writes the files that are missing; a user's changes stay. */
  public static Quickstart open(Path folder) {
    try {
      Files.createDirectories(folder);
      for (String name : FILES) {
        Path file = folder.resolve(name);
        if (!Files.exists(file)) {
          Files.write(file, resource(name));
        }
      }
      Properties generator = new Properties();
      try (var reader = Files.newBufferedReader(folder.resolve(GENERATOR))) {
        generator.load(reader);
      }
      return new Quickstart(folder, generator);
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "quickstart/FOLDER",
          "%s cannot be written: %s. Choose another folder."
              .formatted(folder, FileErrors.reason(e)),
          e);
    }
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = Quickstart.class.getResourceAsStream(RESOURCES + name)) {
      if (in == null) {
        throw new MsrException(
            ErrorType.USER,
            "quickstart/MISSING",
            "The class path has no quickstart (%s). Use the llm4msr launcher, or put llm4msr-dist on it."
                .formatted(RESOURCES + name));
      }
      return in.readAllBytes();
    }
  }

  /** Returns the name of the generator. */
  public String generator() {
    return generator.getProperty("name", "");
  }

  /** Returns the generator's settings, {@code key=value} each. */
  public List<String> generatorSettings(long interactions) {
    List<String> settings = new ArrayList<>();
    generator.stringPropertyNames().stream()
        .filter(key -> !key.equals("name"))
        .sorted()
        .forEach(key -> settings.add(key + "=" + generator.getProperty(key)));
    settings.add("interactions=" + interactions);
    return settings;
  }

  /** Returns the folder of the generated raw files. */
  public Path raw() {
    return folder.resolve("raw");
  }

  /** Returns the configuration with knowledge of users and scenarios. */
  public Path enhanced() {
    return folder.resolve("enhanced.yaml");
  }

  /** Returns the configuration with knowledge of users, scenarios and items, and histories. */
  public Path allLevels() {
    return folder.resolve("all-levels.yaml");
  }

  /** Returns the configuration without knowledge. */
  public Path plain() {
    return folder.resolve("plain.yaml");
  }

  /**
   * Returns the quickstart step by step, as commands that a user can start to vary.
   *
   * @param settings {@code key=value} each, that override those of the files
   */
  public String steps(long interactions, List<String> settings) {
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
            generator(),
            quoted(raw().toString()),
            interactions,
            quoted(plain().toString()),
            quoted(enhanced().toString()),
            quoted(allLevels().toString()),
            settings.stream()
                .map(setting -> " " + quoted("-D" + setting))
                .collect(Collectors.joining()));
  }

  /** Compares evaluations of the test part with what is known of the truth. */
  public Comparison compare(Evaluations evaluations) {
    EvaluationReport plain = evaluations.plain();
    if (!plain.split().equals(Split.TEST.key())) {
      throw new IllegalArgumentException("the truth is known of the test part");
    }
    JsonNode truth = truth();
    JsonNode bayes = truth.path("bayesLastSixth");
    List<Row> rows = new ArrayList<>();
    for (int rank = 0; rank < plain.scenarioNames().size(); rank++) {
      int scenario = rank;
      rows.add(
          evaluations.row(
              plain.scenarioNames().get(rank),
              report -> report.result().scenarios().get(scenario),
              bayes.path("scenarios").path(plain.result().scenarios().get(rank).name())));
    }
    Row overall =
        evaluations.row("overall", report -> report.result().overall(), bayes.path(OVERALL));
    Row newItems =
        evaluations.row(
            "new items",
            Quickstart::newItems,
            truth.path("bayesLastSixthOfNewItems").path(OVERALL));
    JsonNode oracle = truth.path("textOracleLastSixth").path(OVERALL).path("auc");
    return new Comparison(
        overall,
        rows,
        newItems,
        overall.bayesAuc() != null && oracle.isNumber() ? oracle.doubleValue() : null);
  }

  /** Returns the slice of items without a training row; null if it is not measured. */
  private static @Nullable Metrics newItems(EvaluationReport report) {
    return report.slices().stream()
        .filter(slices -> slices.name().equals(RowSlices.ITEM_ROWS))
        .map(slices -> slices.slices().get(0))
        .findFirst()
        .orElse(null);
  }

  /** Returns the generator's statements; those of the last sixth by time are of the test part. */
  private JsonNode truth() {
    Path file = raw().resolve("GENERATED.json");
    try {
      String text = Files.readString(file, StandardCharsets.UTF_8);
      return new ObjectMapper().readTree(text);
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.DATA,
          "quickstart/TRUTH",
          "%s cannot be read: %s. Delete %s and run the quickstart again."
              .formatted(file, FileErrors.reason(e), raw()),
          e);
    }
  }
}
