package org.llm4msr.runtime.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.evaluation.metric.MetricList;

/** The file format of metrics. */
class MetricsTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** A line of {@code evaluation-test.json} from before the number of users was counted. */
  private static final String EARLIER =
      """
      {"name": "feed", "rows": 10, "positives": 0, "auc": null, "aucMissing": "no positives",
       "gauc": 0.5, "gaucMissing": null, "gaucRows": 7, "logLoss": 0.25, "meanPrediction": 1,
       "meanLabel": 0.0, "calibration": null, "calibrationError": 0.125, "ofAnother": [3]}
      """;

  @Test
  void filesOfEarlierVersionsAreRead() throws IOException {
    Metrics metrics = JSON.readValue(EARLIER, Metrics.class);

    assertThat(metrics.name()).isEqualTo("feed");
    assertThat(metrics.rows()).isEqualTo(10);
    assertThat(metrics.auc()).isNaN();
    assertThat(metrics.missing("auc")).isEqualTo("no positives");
    assertThat(metrics.value("gauc")).isEqualTo(.5);
    assertThat(metrics.missing("gauc")).isNull();
    assertThat(metrics.count("gaucRows")).isEqualTo(7);
    assertThat(metrics.count("gaucUsers")).isNull();
    assertThat(metrics.value("meanPrediction")).isEqualTo(1);
    assertThat(metrics.value("constantLogLoss")).isNaN();
    assertThat(MetricTable.brief(MetricList.STANDARD).row(metrics, "feed"))
        .startsWith(
            "feed", "10", "0", "(no positives)", "0.5000", "7", "-", "0.2500", "-", "-", "0.1250");
  }

  @Test
  void whatWasReadIsWrittenAgain() throws IOException {
    String written = JSON.writeValueAsString(JSON.readValue(EARLIER, Metrics.class));

    assertThat(JSON.readTree(written)).isEqualTo(JSON.readTree(EARLIER));
  }

  @Test
  void figuresStandBesideTheOtherKeysInTheOrderOfTheMetrics() {
    try (Evaluator evaluator = new Evaluator(List.of("feed"))) {
      evaluator.add(1, new int[1], new int[1], new float[1], new float[] {.5f});
      JsonNode written = JSON.valueToTree(evaluator.result().overall());

      List<String> keys = new ArrayList<>();
      written.fieldNames().forEachRemaining(keys::add);
      assertThat(keys)
          .startsWith(
              "name",
              "rows",
              "positives",
              "auc",
              "aucMissing",
              "gauc",
              "gaucMissing",
              "gaucRows",
              "gaucUsers",
              "logLoss",
              "constantLogLoss",
              "meanPrediction",
              "meanLabel",
              "calibration",
              "calibrationError");
      assertThat(written.get("auc").isNull()).isTrue();
    }
  }

  @Test
  void tablesSayWhereNothingIsKnown() {
    Metrics metrics = new Metrics("feed", 1234, 0, Map.of());

    assertThat(MetricTable.full(MetricList.STANDARD).row(metrics, "feed"))
        .startsWith("feed", "1,234", "0", "-", "-")
        .hasSameSizeAs(MetricTable.full(MetricList.STANDARD).headings("scenario"));
  }
}
