package org.llm4msr.runtime.evaluation.metric;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.Evaluator;

/** Rows whose metrics scikit-learn knows: {@code make_metrics_reference.py} wrote both. */
final class ScikitLearn {

  private static final List<String> SCENARIOS = List.of("feed", "search", "one-class", "empty");

  private ScikitLearn() {}

  /** Evaluates the rows by the metrics of the list. */
  static EvaluationResult evaluated() throws IOException {
    try (Evaluator evaluator = new Evaluator(SCENARIOS)) {
      text("predictions.csv")
          .lines()
          .skip(1)
          .map(line -> line.split(","))
          .forEach(
              row ->
                  evaluator.add(
                      1,
                      new int[] {Integer.parseInt(row[0])},
                      new int[] {Integer.parseInt(row[1])},
                      new float[] {Float.parseFloat(row[2])},
                      new float[] {Float.parseFloat(row[3])}));
      return evaluator.result();
    }
  }

  /** Returns what scikit-learn says of all rows. */
  static JsonNode overall() throws IOException {
    return new ObjectMapper().readTree(text("reference.json")).get("overall");
  }

  /** Returns what scikit-learn says of the rows of a scenario. */
  static JsonNode scenario(String name) throws IOException {
    return new ObjectMapper().readTree(text("reference.json")).get("scenarios").get(name);
  }

  private static String text(String name) throws IOException {
    try (InputStream in = Evaluator.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }
}
