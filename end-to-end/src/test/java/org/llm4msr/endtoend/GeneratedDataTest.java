package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.data.inspection.PreparedSummary.ScenarioSummary;
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
          List.of("dataset.numericFields=true"),
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
  void theHelpNamesThem() throws Exception {
    Cli.Outcome help = new Cli(folder).run("data", "generate", "--help");
    assertThat(help.out().replaceAll("\\s+", " "))
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
