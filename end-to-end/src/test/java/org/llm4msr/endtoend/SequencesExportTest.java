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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.serving.export.OnnxExporter;

/** Exported graphs of a model with sequences, on ids that are found by encoder.json alone. */
class SequencesExportTest {

  @TempDir static Path folder;
  private static List<String> rows;
  private static Path bundle;

  @BeforeAll
  static void train() throws IOException {
    rows = SequencesTest.write(folder, 1, 1000, 1200);
    Experiment experiment = SequencesTest.experiment(folder, SequencesTest.SEQUENCES);
    experiment.prepare(false, Progress.NONE);
    bundle = experiment.train("model", Progress.NONE).bundle();
  }

  private static JsonNode encoderOf(Path exported) throws IOException {
    return new ObjectMapper().readTree(exported.resolve("encoder.json").toFile());
  }

  private static long id(JsonNode encoder, String field, Object value) {
    for (JsonNode one : encoder.get("fields")) {
      if (one.get("name").asText().equals(field)) {
        return one.get("ids").path(String.valueOf(value)).asLong(0);
      }
    }
    throw new AssertionError(field);
  }

  /** Returns the ids of a sequence of a row, by what encoder.json says and what the row brings. */
  private static long[][] ids(JsonNode encoder, JsonNode sequence, Map<String, Object> row) {
    List<Long> ids = new ArrayList<>();
    String field = sequence.get("field").asText();
    if (sequence.has("of")) {
      for (Object seen : (List<?>) row.get(sequence.get("of").asText())) {
        ids.add(0, id(encoder, field, seen));
      }
      ids.removeIf(id -> id == 0);
    } else {
      String name = sequence.get("name").asText();
      String label = name.equals("dear") ? "label_dear" : "label";
      for (Object event : (List<?>) row.get("history")) {
        Map<?, ?> of = (Map<?, ?>) event;
        if (name.equals("attended") || of.get(label).equals(1)) {
          String item = (String) of.get("item");
          Object value =
              switch (field) {
                case "kind" -> "k" + Integer.parseInt(item.substring(1)) % 4;
                case "scenario" -> of.get("scenario");
                default -> item;
              };
          ids.add(0, id(encoder, field, value));
        }
      }
    }
    long[] input = new long[sequence.get("length").asInt()];
    Arrays.setAll(input, i -> i < ids.size() ? ids.get(i) : -1);
    return new long[][] {input};
  }

  @Test
  void exportedGraphsScoreAsTheBundle() throws Exception {
    Path exported = folder.resolve("exported");
    new OnnxExporter(ConfigLoader.standard(PluginRegistry.load()))
        .export(Bundle.open(bundle), exported);
    JsonNode encoder = encoderOf(exported);
    List<Map<String, Object>> some =
        rows.subList(1000, 1060).stream().map(SequencesTest::row).toList();
    for (Map<String, Object> row : some) {
      row.put(
          "history", SequencesTest.past(rows, (String) row.get("user"), (Long) row.get("time")));
    }
    float[] expected = SequencesTest.score(bundle, some);
    OrtEnvironment onnx = OrtEnvironment.getEnvironment();
    try (OrtSession session = onnx.createSession(exported.resolve("full.onnx").toString())) {
      for (int i = 0; i < some.size(); i++) {
        Map<String, Object> row = some.get(i);
        Map<String, Object> inputs = new HashMap<>();
        inputs.put(
            "scenario",
            new long[] {encoder.get("scenarios").get((String) row.get("scenario")).asLong()});
        for (JsonNode field : encoder.get("fields")) {
          String name = field.get("name").asText();
          String input = field.get("input").asText();
          if (name.equals("seen")) {
            long[] seen =
                ((List<?>) row.get("seen"))
                    .stream()
                        .mapToLong(one -> id(encoder, name, one))
                        .filter(id -> id > 0)
                        .toArray();
            inputs.put(input, new long[][] {seen.length == 0 ? new long[1] : seen});
          } else {
            Object value =
                name.equals("kind")
                    ? "k" + Integer.parseInt(((String) row.get("item")).substring(1)) % 4
                    : row.get(field.get("column").asText());
            inputs.put(input, new long[] {id(encoder, name, value)});
          }
        }
        for (JsonNode sequence : encoder.get("sequences")) {
          inputs.put(sequence.get("input").asText(), ids(encoder, sequence, row));
        }
        assertThat(run(onnx, session, inputs)).isCloseTo(expected[i], within(1e-5f));
      }
    }
  }

  private static float run(OrtEnvironment onnx, OrtSession session, Map<String, Object> inputs)
      throws OrtException {
    Map<String, OnnxTensor> tensors = new HashMap<>();
    for (Map.Entry<String, Object> input : inputs.entrySet()) {
      tensors.put(input.getKey(), OnnxTensor.createTensor(onnx, input.getValue()));
    }
    try (OrtSession.Result result = session.run(tensors)) {
      return ((float[]) result.get("probability").orElseThrow().getValue())[0];
    } finally {
      tensors.values().forEach(OnnxTensor::close);
    }
  }
}
