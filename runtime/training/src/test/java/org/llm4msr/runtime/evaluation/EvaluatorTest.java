package org.llm4msr.runtime.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.evaluation.metric.MetricList;

class EvaluatorTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path scratch;

  /**
   * Scores .9 .8 .7 .7 .1 with labels 1 0 1 0 0: of 6 pairs .9 wins 3, .7 wins 1, ties 1, loses 1,
   * so AUC = 4.5 / 6. User 0 has .9+ .8-: AUC 1 over 2 rows. User 1 has .7+ .7- .1-: 1.5 / 2 over 3
   * rows. GAUC = (2 * 1 + 3 * .75) / 5 = .85.
   */
  @Test
  void agreesWithValuesWorkedByHand() {
    Metrics metrics =
        evaluate(
                List.of("only"),
                new int[] {0, 0, 0, 0, 0},
                new int[] {0, 0, 1, 1, 1},
                new float[] {1, 0, 1, 0, 0},
                new float[] {.9f, .8f, .7f, .7f, .1f})
            .overall();
    assertThat(metrics.auc()).isCloseTo(4.5 / 6, within(1e-15));
    assertThat(metrics.value("gauc")).isCloseTo(0.85, within(1e-15));
    assertThat(metrics.count("gaucRows")).isEqualTo(5);
    assertThat(metrics.count("gaucUsers")).isEqualTo(2);
    double logLoss =
        -(Math.log(.9) + Math.log(1 - .8) + Math.log(.7) + Math.log(1 - .7) + Math.log(1 - .1)) / 5;
    assertThat(metrics.logLoss()).isCloseTo(logLoss, within(1e-7));
    // -.4 ln .4 - .6 ln .6
    assertThat(metrics.value("constantLogLoss")).isCloseTo(.6730117, within(1e-7));
    assertThat(metrics.value("meanPrediction")).isCloseTo(.64, within(1e-7));
    assertThat(metrics.value("meanLabel")).isEqualTo(.4);
    assertThat(metrics.value("calibration")).isCloseTo(1.6, within(1e-6));
    // Bins of .05: .9 | .8 | .7 .7 | .1, errors .1 + .8 + |1.4 - 1| + .1.
    assertThat(metrics.value("calibrationError")).isCloseTo(1.4 / 5, within(1e-6));
  }

  /** User 0 has both labels, user 1 two positives, user 2 one negative. */
  @Test
  void gaucCountsTheUsersWithBothLabels() {
    Metrics metrics =
        evaluate(
                List.of("only"),
                new int[] {0, 0, 0, 0, 0, 0},
                new int[] {0, 0, 0, 1, 1, 2},
                new float[] {1, 0, 0, 1, 1, 0},
                new float[] {.6f, .5f, .7f, .7f, .2f, .1f})
            .overall();

    assertThat(metrics.value("gauc")).isCloseTo(.5, within(1e-15));
    assertThat(metrics.count("gaucRows")).isEqualTo(3);
    assertThat(metrics.count("gaucUsers")).isEqualTo(1);
  }

  @Test
  void agreesWithScikitLearn() throws IOException {
    List<int[]> rows =
        text("predictions.csv")
            .lines()
            .skip(1)
            .map(line -> Stream.of(line.split(",")).limit(3).mapToInt(Integer::parseInt).toArray())
            .toList();
    float[] probability = new float[rows.size()];
    List<String> lines = text("predictions.csv").lines().skip(1).toList();
    for (int i = 0; i < probability.length; i++) {
      probability[i] = Float.parseFloat(lines.get(i).substring(lines.get(i).lastIndexOf(',') + 1));
    }
    float[] label = new float[rows.size()];
    for (int i = 0; i < label.length; i++) {
      label[i] = rows.get(i)[2];
    }
    EvaluationResult result =
        evaluate(
            List.of("feed", "search", "one-class", "empty"),
            rows.stream().mapToInt(row -> row[0]).toArray(),
            rows.stream().mapToInt(row -> row[1]).toArray(),
            label,
            probability);
    JsonNode reference = JSON.readTree(text("reference.json"));
    assertAgrees(result.overall(), reference.get("overall"));
    for (Metrics scenario : result.scenarios()) {
      assertAgrees(scenario, reference.get("scenarios").get(scenario.name()));
    }
    Metrics oneClass = result.scenarios().get(2);
    assertThat(oneClass.auc()).isNaN();
    assertThat(oneClass.value("constantLogLoss")).isZero();
    assertThat(result.scenarios().get(3).value("constantLogLoss")).isNaN();
    assertThat(oneClass.missing("auc")).isEqualTo("no positives");
    assertThat(oneClass.missing("gauc")).isEqualTo("no user has rows of both classes");
    assertThat(result.scenarios().get(3).missing("auc")).isEqualTo("no rows");
    assertThat(result.overall().missing("auc")).isNull();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void agreesWithTheDefinitionWhateverFitsIntoMemory(long seed) throws IOException {
    Random random = new Random(seed);
    int n = 50 + random.nextInt(400);
    int distinct = 1 + random.nextInt(40);
    int scenarios = 1 + random.nextInt(5);
    int[] scenario = random.ints(n, 0, scenarios).toArray();
    int[] user = random.ints(n, 0, 1 + random.nextInt(30)).toArray();
    float[] label = new float[n];
    float[] probability = new float[n];
    for (int i = 0; i < n; i++) {
      probability[i] = (float) random.nextInt(distinct + 1) / distinct;
      label[i] = random.nextFloat() < 0.2f + 0.6f * probability[i] ? 1 : 0;
    }
    List<String> names = Stream.iterate(0, s -> s + 1).limit(scenarios).map(s -> "s" + s).toList();
    EvaluationResult result;
    try (Evaluator evaluator = new Evaluator(names, MetricList.STANDARD, scratch, 16)) {
      evaluator.add(n, scenario, user, label, probability);
      try (Stream<Path> spilled = Files.list(scratch)) {
        assertThat(spilled).isNotEmpty();
      }
      result = evaluator.result();
    }
    assertThat(scratch).isEmptyDirectory();
    for (int s = 0; s < scenarios; s++) {
      int wanted = s;
      Metrics metrics = result.scenarios().get(s);
      assertThat(metrics.auc())
          .isCloseTo(pairs(n, i -> scenario[i] == wanted, label, probability), within(1e-12));
      assertThat(metrics.value("gauc"))
          .isCloseTo(gauc(n, i -> scenario[i] == wanted, user, label, probability), within(1e-12));
    }
    assertThat(result.overall().auc())
        .isCloseTo(pairs(n, i -> true, label, probability), within(1e-12));
    assertThat(result.overall().value("gauc"))
        .isCloseTo(gauc(n, i -> true, user, label, probability), within(1e-12));
  }

  @Test
  void moreRowsMayFollowAResult() {
    try (Evaluator evaluator = new Evaluator(List.of("a"), MetricList.STANDARD, scratch, 4)) {
      int[] zero = new int[3];
      evaluator.add(3, zero, zero, new float[] {1, 0, 1}, new float[] {.5f, .2f, .1f});
      assertThat(evaluator.result().overall().auc()).isEqualTo(.5);
      evaluator.add(3, zero, zero, new float[] {0, 0, 1}, new float[] {0f, -0f, 1f});
      // Positives .5 .1 1 against negatives .2 0 0: 3 + 2 + 3 of 9.
      assertThat(evaluator.result().overall().auc()).isCloseTo(8.0 / 9, within(1e-15));
    }
  }

  @Test
  void extremeProbabilitiesCostAFiniteLoss() {
    int[] zero = new int[2];
    Metrics metrics =
        evaluate(List.of("a"), zero, zero, new float[] {1, 0}, new float[] {0, 1}).overall();
    assertThat(metrics.logLoss()).isCloseTo(-Math.log(1e-7), within(1e-9));
    assertThat(metrics.auc()).isZero();
  }

  @Test
  void largeUserIndicesKeepTheirOrder() {
    int largest = (1 << 30) - 1;
    Metrics metrics =
        evaluate(
                List.of("a", "b", "c", "d", "e"),
                new int[] {0, 4, 4, 0},
                new int[] {largest - 1, largest, largest, largest - 1},
                new float[] {1, 1, 0, 0},
                new float[] {.2f, .9f, 1f, .1f})
            .overall();
    assertThat(metrics.value("gauc")).isEqualTo(.5);
    assertThat(metrics.count("gaucRows")).isEqualTo(4);
  }

  @Test
  void whatIsNoProbabilityIsRefused() {
    assertThatThrownBy(() -> evaluateOneRow(Float.NaN, 1))
        .hasMessageContaining("evaluation/BAD_PROBABILITY");
    assertThatThrownBy(() -> evaluateOneRow(1.5f, 1)).isInstanceOf(MsrException.class);
    assertThatThrownBy(() -> evaluateOneRow(.5f, 2)).hasMessageContaining("evaluation/BAD_LABEL");
  }

  @Test
  void resultsGoThroughJson() throws IOException {
    EvaluationResult result = evaluateOneRow(.5f, 1);
    String json = JSON.writeValueAsString(result);
    assertThat(JSON.readTree(json).at("/overall/auc").isNull()).isTrue();
    assertThat(JSON.readTree(json).at("/overall/logLoss").doubleValue())
        .isCloseTo(Math.log(2), within(1e-7));
    assertThat(JSON.readValue(json, EvaluationResult.class)).isEqualTo(result);
  }

  /** 10^8 rows in 128 MiB: the AUC of p against labels drawn with p uniform is 5/6. */
  @Test
  @Tag("slow")
  void aHundredMillionRowsInBoundedMemory() {
    int batch = 1 << 16;
    long rows = 100_000_000;
    Random random = new Random(7);
    int[] scenario = new int[batch];
    int[] user = new int[batch];
    float[] label = new float[batch];
    float[] probability = new float[batch];
    try (Evaluator evaluator =
        new Evaluator(List.of("a", "b", "c", "d"), MetricList.STANDARD, scratch, 1 << 23)) {
      for (long done = 0; done < rows; done += batch) {
        for (int i = 0; i < batch; i++) {
          scenario[i] = random.nextInt(4);
          user[i] = random.nextInt(1_000_000);
          probability[i] = random.nextFloat();
          label[i] = random.nextFloat() < probability[i] ? 1 : 0;
        }
        evaluator.add((int) Math.min(batch, rows - done), scenario, user, label, probability);
      }
      EvaluationResult result = evaluator.result();
      assertThat(result.overall().rows()).isEqualTo(rows);
      assertThat(result.overall().auc()).isCloseTo(5.0 / 6, within(2e-4));
      assertThat(result.overall().value("gauc")).isCloseTo(5.0 / 6, within(2e-3));
    }
  }

  private EvaluationResult evaluateOneRow(float probability, float label) {
    int[] zero = new int[1];
    return evaluate(List.of("a"), zero, zero, new float[] {label}, new float[] {probability});
  }

  private EvaluationResult evaluate(
      List<String> names, int[] scenario, int[] user, float[] label, float[] probability) {
    try (Evaluator evaluator = new Evaluator(names)) {
      evaluator.add(label.length, scenario, user, label, probability);
      return evaluator.result();
    }
  }

  private static void assertAgrees(Metrics metrics, JsonNode reference) {
    assertThat(metrics.rows()).isEqualTo(reference.get("rows").longValue());
    assertThat(metrics.positives()).isEqualTo(reference.get("positives").longValue());
    if (metrics.rows() == 0) {
      return;
    }
    assertThat(metrics.count("gaucRows")).isEqualTo(reference.get("gaucRows").longValue());
    assertClose(metrics.auc(), reference.get("auc"));
    assertClose(metrics.value("gauc"), reference.get("gauc"));
    assertClose(metrics.logLoss(), reference.get("logLoss"));
    assertClose(metrics.value("meanPrediction"), reference.get("meanPrediction"));
    assertClose(metrics.value("meanLabel"), reference.get("meanLabel"));
    assertClose(metrics.value("calibration"), reference.get("calibration"));
    assertClose(metrics.value("calibrationError"), reference.get("calibrationError"));
  }

  private static void assertClose(double actual, JsonNode expected) {
    if (expected.isNull()) {
      assertThat(actual).isNaN();
    } else {
      assertThat(actual).isCloseTo(expected.doubleValue(), within(1e-12));
    }
  }

  private interface RowFilter {
    boolean keeps(int row);
  }

  /** The definition, over all pairs. */
  private static double pairs(int n, RowFilter filter, float[] label, float[] probability) {
    double ordered = 0;
    long pairs = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        if (filter.keeps(i) && filter.keeps(j) && label[i] == 1 && label[j] == 0) {
          pairs++;
          ordered +=
              probability[i] > probability[j] ? 1 : probability[i] == probability[j] ? 0.5 : 0;
        }
      }
    }
    return ordered / pairs;
  }

  private static double gauc(
      int n, RowFilter filter, int[] user, float[] label, float[] probability) {
    double sum = 0;
    long weight = 0;
    for (int u = 0; u < 30; u++) {
      int wanted = u;
      RowFilter own = i -> filter.keeps(i) && user[i] == wanted;
      double auc = pairs(n, own, label, probability);
      if (!Double.isNaN(auc)) {
        long rows = 0;
        for (int i = 0; i < n; i++) {
          rows += own.keeps(i) ? 1 : 0;
        }
        sum += rows * auc;
        weight += rows;
      }
    }
    return sum / weight;
  }

  private static String text(String resource) throws IOException {
    try (InputStream in = EvaluatorTest.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
