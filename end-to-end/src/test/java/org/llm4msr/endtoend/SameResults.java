package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.files.Checksums;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.knowledge.store.StoredLevel;

/** Compares what nodes of a cluster wrote with what one machine wrote. */
final class SameResults {

  private static final double LOSS = 1e-5;

  private SameResults() {}

  /** Compares the vectors and texts of users, scenarios and, where there are any, items. */
  static void assertSameKnowledge(KnowledgeStore found, KnowledgeStore expected) {
    assertThat(found.info().content()).isEqualTo(expected.info().content());
    assertThat(expected.info().users()).isPositive();
    for (Level level : Level.values()) {
      StoredLevel ours = found.level(level);
      StoredLevel theirs = expected.level(level);
      assertThat(ours.size()).as(level.toString()).isEqualTo(theirs.size());
      float[] vector = new float[ours.dimension()];
      float[] wanted = new float[ours.dimension()];
      for (int number = 0; number < theirs.size(); number++) {
        theirs.read(number, wanted);
        assertThat(ours.read(theirs.key(number), vector)).isTrue();
        assertThat(vector).as(theirs.key(number)).isEqualTo(wanted);
        assertThat(ours.text(ours.find(theirs.key(number)))).isEqualTo(theirs.text(number));
      }
    }
  }

  /** Compares the losses of two runs, line by line. */
  static void assertSameLosses(Path run, Path reference) throws IOException {
    assertThat(differences(run, reference))
        .as("differences by line")
        .allMatch(each -> Math.abs(each) < LOSS);
  }

  /** Compares all checkpoints of two runs bit by bit: models, optimisers, metrics until then. */
  static void assertSameCheckpoints(Path run, Path reference) throws IOException {
    assertSameFiles(run.resolve("checkpoints"), reference.resolve("checkpoints"));
  }

  /** Compares all files of two folders bit by bit. */
  static void assertSameFiles(Path folder, Path reference) throws IOException {
    Map<String, String> expected = digests(reference);
    assertThat(expected).hasSizeGreaterThan(2);
    assertThat(digests(folder)).containsExactlyEntriesOf(expected);
  }

  private static Map<String, String> digests(Path folder) throws IOException {
    Map<String, String> digests = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        digests.put(folder.relativize(file).toString(), Checksums.of(file));
      }
    }
    return digests;
  }

  /** Returns how far the losses of two runs are apart, by line of their metrics. */
  static List<Double> differences(Path run, Path reference) throws IOException {
    List<JsonNode> expected = metrics(reference);
    List<JsonNode> found = metrics(run);
    assertThat(found).hasSameSizeAs(expected).isNotEmpty();
    List<Double> apart = new ArrayList<>();
    for (int i = 0; i < expected.size(); i++) {
      assertThat(found.get(i).get("step")).isEqualTo(expected.get(i).get("step"));
      apart.add(found.get(i).get("loss").asDouble() - expected.get(i).get("loss").asDouble());
    }
    return apart;
  }

  /** Returns the lines of the metrics of a run. */
  static List<JsonNode> metrics(Path run) throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      lines.add(json.readTree(line));
    }
    return lines;
  }
}
