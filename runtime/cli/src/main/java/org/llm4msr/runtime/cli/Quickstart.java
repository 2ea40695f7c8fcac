package org.llm4msr.runtime.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.files.FileErrors;

/**
 * The files of the quickstart and its result. Its configurations are resources of the distribution.
 * They are written into the folder, so that the single commands can read them as well.
 */
public final class Quickstart {

  private static final String RESOURCES = "/org/llm4msr/quickstart/";
  private static final String GENERATOR = "generator.properties";
  private static final List<String> FILES = List.of(GENERATOR, "enhanced.yaml", "plain.yaml");

  private final Path folder;
  private final Properties generator;

  private Quickstart(Path folder, Properties generator) {
    this.folder = folder;
    this.generator = generator;
  }

  /**
   * One line of the result.
   *
   * @param name the scenario
   * @param rows test rows
   * @param plainAuc without knowledge; null if it is not defined
   * @param enhancedAuc with knowledge
   * @param bayesAuc of the true probabilities; null if the generator did not state it
   */
  public record Row(
      String name,
      long rows,
      @Nullable Double plainAuc,
      @Nullable Double enhancedAuc,
      @Nullable Double bayesAuc) {}

  /** The result: all test rows together, and each scenario. */
  public record Comparison(Row overall, List<Row> scenarios) {
    public Comparison {
      scenarios = List.copyOf(scenarios);
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

  /** Returns the configuration with knowledge. */
  public Path enhanced() {
    return folder.resolve("enhanced.yaml");
  }

  /** Returns the configuration without knowledge. */
  public Path plain() {
    return folder.resolve("plain.yaml");
  }

  /** Compares two evaluations of the test part with what is known of the truth. */
  public Comparison compare(EvaluationReport plain, EvaluationReport enhanced) {
    if (!plain.split().equals(Split.TEST.key())) {
      throw new IllegalArgumentException("the truth is known of the test part");
    }
    JsonNode truth = truth();
    List<Row> rows = new ArrayList<>();
    for (int rank = 0; rank < plain.scenarioNames().size(); rank++) {
      Metrics plainMetrics = plain.result().scenarios().get(rank);
      Metrics enhancedMetrics = enhanced.result().scenarios().get(rank);
      JsonNode known = truth.path("scenarios").path(plainMetrics.name());
      rows.add(row(plain.scenarioNames().get(rank), plainMetrics, enhancedMetrics, known));
    }
    Metrics plainMetrics = plain.result().overall();
    Metrics enhancedMetrics = enhanced.result().overall();
    return new Comparison(
        row("overall", plainMetrics, enhancedMetrics, truth.path("overall")), rows);
  }

  private static Row row(String name, Metrics plain, Metrics enhanced, JsonNode truth) {
    // With a changed split, the test part has other rows than the stated truth.
    boolean sameRows = truth.path("rows").asLong(-1) == plain.rows();
    JsonNode bayes = truth.path("auc");
    return new Row(
        name,
        plain.rows(),
        defined(plain.auc()),
        defined(enhanced.auc()),
        sameRows && bayes.isNumber() ? bayes.doubleValue() : null);
  }

  private static @Nullable Double defined(double value) {
    return Double.isNaN(value) ? null : value;
  }

  /** Returns the generator's statement about the last sixth of the rows by time: the test part. */
  private JsonNode truth() {
    Path file = raw().resolve("GENERATED.json");
    try {
      String text = Files.readString(file, StandardCharsets.UTF_8);
      return new ObjectMapper().readTree(text).path("bayesLastSixth");
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
