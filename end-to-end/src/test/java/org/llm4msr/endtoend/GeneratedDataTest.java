package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.llm4msr.api.Progress;
import org.llm4msr.cli.InProcess;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.data.inspection.PreparedSummary.ScenarioSummary;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.plugins.PluginDescriptor;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;

/** Generated files, prepared by the reader of their format. */
class GeneratedDataTest {

  static final List<String> READERS = GeneratedData.READERS;
  static final List<String> RELEASES = GeneratedData.RELEASES;

  /** Settings that read what the defaults leave unread. */
  private static final Map<String, List<String>> MORE =
      Map.of(
          "kuairand release=27k",
          List.of("dataset.statistics=true", "dataset.numericFields=true"),
          "ali-ccp",
          List.of("dataset.numericFields=true", "dataset.labels=[purchase]"),
          "mind",
          List.of("dataset.history=true"),
          "movielens release=1m",
          List.of("dataset.minFrequency=1"),
          "movielens release=100k",
          List.of("dataset.minFrequency=1"));

  @TempDir Path folder;

  @Test
  void everyReaderHasAGenerator() {
    PluginRegistry plugins = PluginRegistry.load();
    assertThat(plugins.plugins(PluginKind.DATASET_GENERATOR))
        .extracting(PluginDescriptor::name)
        .containsExactlyInAnyOrderElementsOf(
            plugins.plugins(PluginKind.DATASET_READER).stream()
                .map(PluginDescriptor::name)
                .toList());
  }

  @Test
  void theHelpNamesThem() {
    String help = InProcess.run("data", "generate", "--help");
    assertThat(help.replaceAll("\\s+", " "))
        .contains("ali-ccp, amazon, douban, kuairand, kuaisar, mind, movielens, table, or one");
  }

  @ParameterizedTest
  @FieldSource("READERS")
  void countsAreThoseThatTheGeneratorStates(String which) throws IOException {
    assertCounts(which);
  }

  @ParameterizedTest
  @FieldSource("RELEASES")
  @Tag("slow")
  void countsOfFurtherReleasesAreThoseThatTheGeneratorStates(String which) throws IOException {
    assertCounts(which);
  }

  private void assertCounts(String which) throws IOException {
    GeneratedData data =
        GeneratedData.write(
            folder.resolve("raw"), which, "interactions=1003", "users=300", "items=150");
    Experiment experiment =
        Experiment.fromYaml(
            data.experiment(), MORE.getOrDefault(which, List.of()).toArray(String[]::new));
    experiment.prepare(false, Progress.NONE);
    PreparedSummary summary = experiment.inspectData(Progress.NONE);

    Map<String, String> stated = new TreeMap<>();
    JsonNode scenarios = data.label().at("/bayes/scenarios");
    for (Map.Entry<String, JsonNode> of : scenarios.properties()) {
      stated.put(of.getKey(), of.getValue().get("rows") + " " + of.getValue().get("positives"));
    }
    Map<String, String> prepared = new TreeMap<>();
    for (ScenarioSummary scenario : summary.scenarios()) {
      PreparedSummary.Labels labels = scenario.all().labels();
      prepared.put(scenario.key(), labels.rows() + " " + labels.positives());
    }
    assertThat(prepared).isEqualTo(stated).hasSizeGreaterThan(1);
    assertThat(summary.users()).isEqualTo(data.label().get("usersInLog").asInt()).isLessThan(301);
    assertThat(summary.items()).isEqualTo(data.label().get("itemsInLog").asInt());
    assertThat(data.label().at("/bayes/overall/rows").asInt()).isEqualTo(1003);
    assertLeftOut(which, folder.resolve("raw/work/prepared/rejected.jsonl"));
  }

  /** ESMM on the data set of its paper: whoever buys has clicked. */
  @Test
  void purchasesOfAliCcpAreLearnedAfterClicks() throws IOException {
    GeneratedData data =
        GeneratedData.write(
            folder.resolve("raw"), "ali-ccp", "interactions=9000", "users=40", "items=100");
    Experiment experiment =
        Experiment.fromYaml(
            data.experiment(),
            "dataset.labels=[purchase]",
            "model.labels={purchase: {after: label}}",
            "model.backbone={name: shared-bottom, bottom: [16], tower: [8]}",
            "model.fusion=none",
            "training={epochs: 3, batchSize: 256, calibration: off, optimizer: {learningRate: 0.01}}");
    experiment.prepare(false, Progress.NONE);
    experiment.train("esmm", Progress.NONE);
    Path file = folder.resolve("predictions.csv");
    EvaluationReport report = experiment.evaluate("esmm", Split.TEST, file, Progress.NONE);

    long bought;
    try (Stream<String> rows =
        Files.lines(folder.resolve("raw/sample_skeleton_test.csv"), StandardCharsets.UTF_8)) {
      bought =
          rows.filter(row -> row.split(",", 4)[1].equals("1") && row.split(",", 4)[2].equals("1"))
              .count();
    }
    Metrics purchases = report.result().labels().get(0).overall();
    assertThat(purchases.rows()).isEqualTo(3000);
    assertThat(purchases.positives()).isEqualTo(bought).isGreaterThan(50);
    assertThat(purchases.auc()).isGreaterThan(0.6); // A constant has 0.5.
    List<String> lines = Files.readAllLines(file);
    List<String> names = List.of(lines.get(0).split(","));
    assertThat(lines.subList(1, lines.size()))
        .map(line -> line.split(","))
        .allSatisfy(
            cells ->
                assertThat(Double.parseDouble(cells[names.indexOf("probability_purchase")]))
                    .isLessThanOrEqualTo(Double.parseDouble(cells[names.indexOf("probability")])));
  }

  /** The history reads the table of the items, which DIN compares it with. */
  @Test
  void historiesOfAmazonAreReadByTargetAttention() throws IOException {
    GeneratedData data =
        GeneratedData.write(
            folder.resolve("raw"),
            "amazon parts=true history=true",
            "interactions=4500",
            "users=60",
            "items=120");
    List<String> settings =
        List.of(
            "model.sequences={h: {of: history, pooling: target-attention, length: 10}}",
            "model.backbone={name: shared-bottom, bottom: [16], tower: [8]}",
            "model.fusion=none",
            "training={epochs: 2, batchSize: 128}");
    Experiment apart = Experiment.fromYaml(data.experiment(), settings.toArray(String[]::new));
    assertThatThrownBy(() -> apart.prepare(false, Progress.NONE))
        .hasMessageContaining("model.sequences.h")
        .hasMessageContaining("shares the vocabulary of the list");

    List<String> shared = new ArrayList<>(settings);
    shared.add("dataset.sharedHistory=true");
    Experiment experiment = Experiment.fromYaml(data.experiment(), shared.toArray(String[]::new));
    experiment.prepare(false, Progress.NONE);
    experiment.train("shared", Progress.NONE);
    EvaluationReport report = experiment.evaluate("shared", Split.TEST, null, Progress.NONE);
    assertThat(report.result().overall().rows()).isEqualTo(450);
    assertThat(report.result().overall().auc()).isGreaterThan(0.55);
  }

  /** One row in a hundred more, where the publisher's own rules leave rows out. */
  private static void assertLeftOut(String which, Path file) throws IOException {
    switch (which) {
      case "ali-ccp" ->
          assertThat(Files.readString(file))
              .contains("rows with a purchase but no click", "\"rows\":11");
      case "douban" ->
          assertThat(Files.readString(file))
              .contains("reviews without a rating or a time", "\"rows\":11");
      default -> assertThat(file).doesNotExist();
    }
  }
}
