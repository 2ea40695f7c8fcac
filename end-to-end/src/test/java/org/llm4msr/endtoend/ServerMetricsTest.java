package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.llm4msr.endtoend.ServedShop.JSON;
import static org.llm4msr.endtoend.ServedShop.get;
import static org.llm4msr.endtoend.ServedShop.post;
import static org.llm4msr.endtoend.ServedShop.request;
import static org.llm4msr.endtoend.ServedShop.start;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.server.RankingServer;

/** What a server counts. */
class ServerMetricsTest {

  @BeforeAll
  static void train() {
    ServedShop.train();
  }

  @Test
  void metricsCountByModelAndScenario() throws Exception {
    try (RankingServer counted = start()) {
      double sum = 0;
      for (int user = 0; user < 3; user++) {
        JsonNode answer = JSON.readTree(post(counted, request(user, 4, "")).body());
        for (JsonNode item : answer.get("items")) {
          sum += (float) item.get("probability").asDouble();
        }
      }
      post(counted, "{}");
      String strange =
          "{\"id\": \"i1\", \"fields\": {\"tags\": \"no tag\", \"kind\": \"no kind\"}}";
      post(
          counted,
          """
          {"user": "nobody", "scenario": "search", "context": {"hour": 99, "price": 1, "tags": "a"},
           "items": [%s, %s]}
          """
              .formatted(strange, strange));

      List<String> lines = get(counted, "/metrics").lines().toList();
      String labels = "{model=\"main\",scenario=\"feed\"";
      assertThat(lines)
          .contains(
              "llm4msr_rank_seconds_count" + labels + "} 3",
              "llm4msr_items_total" + labels + ",status=\"scored\"} 12.0",
              "llm4msr_probability_count" + labels + "} 12",
              "llm4msr_unknown_users_total{model=\"main\"} 1.0",
              "llm4msr_values_total{field=\"hour\",model=\"main\"} 4.0",
              "llm4msr_unknown_values_total{field=\"hour\",model=\"main\"} 1.0",
              "llm4msr_values_total{field=\"tags\",model=\"main\"} 6.0",
              "llm4msr_unknown_values_total{field=\"tags\",model=\"main\"} 2.0",
              "llm4msr_values_total{field=\"kind\",model=\"main\"} 2.0",
              "llm4msr_unknown_values_total{field=\"kind\",model=\"main\"} 2.0",
              "llm4msr_refused_requests_total{reason=\"serve/BAD_REQUEST\"} 1.0",
              "llm4msr_model_info{digest=\"%s\",model=\"main\",version=\"compiled\"} 1"
                  .formatted(Bundle.peek(ServedShop.compiled()).digest()));
      String counter = "llm4msr_probability_sum" + labels + "} ";
      double counted12 =
          lines.stream()
              .filter(line -> line.startsWith(counter))
              .mapToDouble(line -> Double.parseDouble(line.substring(counter.length())))
              .sum();
      assertThat(counted12).isCloseTo(sum, within(1e-6));
    }
  }

  @Test
  void metricsSayWhatValidationLeadsToExpect() throws Exception {
    Map<String, Object> training = Bundle.peek(ServedShop.compiled()).manifest().training();
    JsonNode validation = JSON.valueToTree(training.get("validation"));
    Map<String, String> lines = new TreeMap<>();
    try (RankingServer idle = start()) {
      get(idle, "/metrics")
          .lines()
          .filter(line -> line.startsWith("llm4msr_expected"))
          .forEach(line -> lines.put(line.replaceAll(" .*", ""), line.replaceAll(".* ", "")));
    }

    for (JsonNode scenario : validation.get("scenarios")) {
      String label = "{model=\"main\",scenario=\"%s\"}".formatted(scenario.get("name").asText());
      assertThat(Double.parseDouble(lines.get("llm4msr_expected_probability" + label)))
          .isEqualTo(scenario.get("positives").asDouble() / scenario.get("rows").asDouble());
    }
    Map<String, Double> unknown = unknownShares();
    assertThat(unknown).containsKeys("hour", "city", "kind");
    unknown.forEach(
        (field, share) ->
            assertThat(
                    lines.get(
                        "llm4msr_expected_unknown_values{field=\"%s\",model=\"main\"}"
                            .formatted(field)))
                .isEqualTo(share.toString()));
  }

  private static Map<String, Double> unknownShares() {
    Map<String, Double> shares = new TreeMap<>();
    try (PreparedData data = PreparedData.open(ServedShop.prepared());
        BatchSource rows = data.sequential(Split.VALIDATION, 1000)) {
      Batch batch = rows.newBatch();
      assertThat(rows.next(batch)).isTrue();
      assertThat(batch.size).isEqualTo(data.manifest().rows().validation());
      for (int f = 0; f < batch.fields.size(); f++) {
        if (batch.fields.get(f) instanceof FieldValues.Ids ids) {
          long none = Arrays.stream(ids.ids(), 0, batch.size).filter(id -> id == 0).count();
          shares.put(data.manifest().fields().get(f).name(), none / (double) batch.size);
        }
      }
    }
    return shares;
  }
}
