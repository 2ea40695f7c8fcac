package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.serving.export.OnnxExporter;

/** Exported graphs of models with sequences, on ids that are found by encoder.json alone. */
class SequencesExportTest {

  private static final int TEST = 1000;
  private static final int REQUESTS = 40;

  /** Rows of a request, which differ in their items and in what was seen before. */
  private static final int ROWS = 4;

  private static final Path SCRIPT =
      Path.of(System.getProperty("llm4msr.root"), "examples/onnx/score.py");

  @TempDir static Path folder;
  private static List<String> log;

  @BeforeAll
  static void prepare() throws IOException {
    log = SequencesTest.write(folder, 1, 1000, 1200);
    SequencesTest.experiment(folder).prepare(false, Progress.NONE);
  }

  private static Path train(String name, String backbone, String sequences) {
    List<String> settings = new ArrayList<>(SequencesTest.LEARNS);
    settings.add(sequences);
    return SequencesTest.experimentOf(backbone, folder, settings.toArray(String[]::new))
        .train(name, Progress.NONE)
        .bundle();
  }

  private static Path export(Path bundle) {
    Path exported = bundle.resolveSibling("exported");
    new OnnxExporter(ConfigLoader.standard(PluginRegistry.load()))
        .export(Bundle.open(bundle), exported);
    return exported;
  }

  private static JsonNode encoderOf(Path exported) throws IOException {
    return new ObjectMapper().readTree(exported.resolve("encoder.json").toFile());
  }

  private static List<List<Map<String, Object>>> requests() {
    List<List<Map<String, Object>>> requests = new ArrayList<>();
    for (int i = 0; i < REQUESTS; i++) {
      List<Map<String, Object>> rows = new ArrayList<>();
      for (int k = 0; k < ROWS; k++) {
        Map<String, Object> row = SequencesTest.row(log.get(TEST + i));
        row.put("item", "i" + (i + 37 * k) % 150);
        row.put("seen", SequencesTest.row(log.get(TEST + i + k)).get("seen"));
        row.put(
            "history", SequencesTest.past(log, (String) row.get("user"), (Long) row.get("time")));
        rows.add(row);
      }
      requests.add(rows);
    }
    return requests;
  }

  private static long id(JsonNode encoder, String field, Object value) {
    for (JsonNode one : encoder.get("fields")) {
      if (one.get("name").asText().equals(field)) {
        return one.get("ids").path(String.valueOf(value)).asLong(0);
      }
    }
    throw new AssertionError(field);
  }

  private static String kind(Object item) {
    return "k" + Integer.parseInt(((String) item).substring(1)) % 4;
  }

  /** Returns the values of a sequence of the log, newest first. */
  private static List<String> events(JsonNode sequence, Map<String, Object> row) {
    List<String> values = new ArrayList<>();
    String name = sequence.get("name").asText();
    String label = name.equals("dear") ? "label_dear" : "label";
    for (Object event : (List<?>) row.get("history")) {
      Map<?, ?> of = (Map<?, ?>) event;
      if (name.equals("attended") || of.get(label).equals(1)) {
        Object value =
            switch (sequence.get("field").asText()) {
              case "kind" -> kind(of.get("item"));
              case "scenario" -> of.get("scenario");
              default -> of.get("item");
            };
        values.add(0, (String) value);
      }
    }
    return values;
  }

  /** Returns the ids of a sequence of a row, by what encoder.json says and what the row brings. */
  private static long[] ids(JsonNode encoder, JsonNode sequence, Map<String, Object> row) {
    List<Long> ids = new ArrayList<>();
    String field = sequence.get("field").asText();
    if (sequence.has("of")) {
      for (Object seen : (List<?>) row.get(sequence.get("of").asText())) {
        ids.add(0, id(encoder, field, seen));
      }
      ids.removeIf(id -> id == 0);
    } else {
      events(sequence, row).forEach(value -> ids.add(id(encoder, field, value)));
    }
    return padded(ids, sequence.get("length").asInt());
  }

  private static long[] padded(List<Long> ids, int length) {
    return Stream.concat(ids.stream(), Collections.nCopies(length, -1L).stream())
        .limit(length)
        .mapToLong(Long::longValue)
        .toArray();
  }

  private static Object input(JsonNode encoder, JsonNode field, List<Map<String, Object>> rows) {
    String name = field.get("name").asText();
    if (!name.equals("seen")) {
      return rows.stream()
          .map(
              row ->
                  name.equals("kind")
                      ? kind(row.get("item"))
                      : row.get(field.get("column").asText()))
          .mapToLong(value -> id(encoder, name, value))
          .toArray();
    }
    List<List<Long>> lists = new ArrayList<>();
    for (Map<String, Object> row : rows) {
      List<Long> known =
          ((List<?>) row.get("seen"))
              .stream().map(one -> id(encoder, name, one)).filter(id -> id > 0).toList();
      lists.add(known.isEmpty() ? List.of(0L) : known);
    }
    int longest = lists.stream().mapToInt(List::size).max().orElseThrow();
    return lists.stream().map(ids -> padded(ids, longest)).toArray(long[][]::new);
  }

  private static Map<String, Object> inputs(JsonNode encoder, List<Map<String, Object>> rows) {
    Map<String, Object> inputs = new HashMap<>();
    String scenario = (String) rows.get(0).get("scenario");
    inputs.put("scenario", new long[] {encoder.get("scenarios").get(scenario).asLong()});
    for (JsonNode field : encoder.get("fields")) {
      inputs.put(field.get("input").asText(), input(encoder, field, rows));
    }
    for (JsonNode sequence : encoder.get("sequences")) {
      inputs.put(
          sequence.get("input").asText(),
          rows.stream().map(row -> ids(encoder, sequence, row)).toArray(long[][]::new));
    }
    return inputs;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{name: sar-net, eventScenarios: {mean: wheres}}", "{name: m2m, positions: 3}"})
  void exportedGraphsScoreAsTheBundle(String backbone) throws Exception {
    Path bundle =
        train(
            "model-" + Math.abs(backbone.hashCode()),
            backbone,
            SequencesTest.SEQUENCES.replace("mean: {}", "mean: {}, wheres: {table: scenario}"));
    Path exported = export(bundle);
    JsonNode encoder = encoderOf(exported);
    OrtEnvironment onnx = OrtEnvironment.getEnvironment();
    try (OrtSession session = onnx.createSession(exported.resolve("full.onnx").toString());
        Scorer scorer = Scorer.load(bundle)) {
      for (List<Map<String, Object>> rows : requests()) {
        assertThat(run(onnx, session, inputs(encoder, rows)))
            .containsExactly(scorer.score(rows), within(1e-5f));
      }
    }
  }

  private static float[] run(OrtEnvironment onnx, OrtSession session, Map<String, Object> inputs)
      throws OrtException {
    Map<String, OnnxTensor> tensors = new HashMap<>();
    for (Map.Entry<String, Object> input : inputs.entrySet()) {
      tensors.put(input.getKey(), OnnxTensor.createTensor(onnx, input.getValue()));
    }
    try (OrtSession.Result result = session.run(tensors)) {
      return (float[]) result.get("probability").orElseThrow().getValue();
    } finally {
      tensors.values().forEach(OnnxTensor::close);
    }
  }

  /** A file in which a sequence of the log is a column of its own. */
  @Test
  @Tag("services")
  void theExampleInPythonReadsSequences() throws Exception {
    Python python = Python.with("onnxruntime", "numpy");
    Path bundle = train("python", "{name: shared-bottom}", SequencesTest.SEQUENCES);
    Path exported = export(bundle);
    JsonNode encoder = encoderOf(exported);
    List<Map<String, Object>> rows = new ArrayList<>();
    requests().forEach(rows::addAll);
    List<JsonNode> ofLog = new ArrayList<>();
    encoder.get("sequences").forEach(ofLog::add);
    ofLog.removeIf(sequence -> sequence.has("of"));
    List<String> lines = new ArrayList<>();
    lines.add(
        "user,item,scenario,hour,seen,kind,"
            + ofLog.stream()
                .map(sequence -> sequence.get("input").asText())
                .collect(Collectors.joining(",")));
    for (Map<String, Object> row : rows) {
      List<String> values = new ArrayList<>();
      List.of("user", "item", "scenario", "hour")
          .forEach(column -> values.add((String) row.get(column)));
      values.add(String.join("|", ((List<?>) row.get("seen")).toArray(String[]::new)));
      values.add(kind(row.get("item")));
      ofLog.forEach(sequence -> values.add(String.join("|", events(sequence, row))));
      lines.add(String.join(",", values));
    }
    Path file = Files.write(exported.resolve("rows.csv"), lines);
    Path scores = exported.resolve("scores.csv");

    python.run(
        exported.resolve("output.txt"),
        SCRIPT.toString(),
        exported.toString(),
        file.toString(),
        scores.toString());

    float[] expected = SequencesTest.score(bundle, rows);
    List<String> found = Files.readAllLines(scores);
    assertThat(found).hasSize(1 + expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat(Float.parseFloat(found.get(i + 1))).isCloseTo(expected[i], within(1e-5f));
    }
  }
}
