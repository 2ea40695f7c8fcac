package org.llm4msr.runtime.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ranking metrics; {@code make_ranking_reference.py} says how the references were made. */
class RankingEvaluatorTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Offset<Double> EXACT = within(1e-12);

  /** scikit-learn divides logarithms of base 2, and numpy sums in pairs. */
  private static final Offset<Double> ROUNDING = within(1e-9);

  @TempDir Path scratch;

  /**
   * By falling score: group 1 has - + +, so the first positive is second; NDCG@2 is (1 / log2 3) /
   * (1 + 1 / log2 3), and of its two pairs none is right. Group 2 ties + - - and then has +: the
   * first positive is at rank 1, 2 or 3 in a third of the orders each; of its four pairs two are
   * ties. Group 3 has no positive, group 4 no negative, and the row of group 0 belongs to none.
   */
  @Test
  void agreesWithValuesWorkedByHand() {
    RankingMetrics metrics;
    try (RankingEvaluator evaluator = new RankingEvaluator(List.of("a"), List.of(2), scratch, 4)) {
      add(evaluator, 1, .9f, 0, .8f, 1, .7f, 1);
      add(evaluator, 2, .5f, 1, .5f, 0, .5f, 0, .1f, 1);
      add(evaluator, 3, .5f, 0);
      add(evaluator, 4, 0f, 1);
      add(evaluator, 0, .9f, 1, .8f, 0);
      metrics = evaluator.result().overall();
    }
    double second = Math.log(2) / Math.log(3);
    RankingMetrics.First first = metrics.first().get(0);
    assertThat(metrics.groups()).isEqualTo(3);
    assertThat(metrics.mixedGroups()).isEqualTo(2);
    assertThat(metrics.mrr()).isCloseTo((.5 + (1 + .5 + 1 / 3.) / 3 + 1) / 3, EXACT);
    assertThat(metrics.auc()).isCloseTo((0 + (.5 * 2) / 4) / 2, EXACT);
    assertThat(first.k()).isEqualTo(2);
    assertThat(first.hitRate()).isCloseTo((1 + 2 / 3. + 1) / 3, EXACT);
    assertThat(first.ndcg()).isCloseTo((second / (1 + second) + 1 / 3. + 1) / 3, EXACT);
    assertThat(scratch).isEmptyDirectory();
  }

  /** Takes scores and labels in turn. */
  private static void add(RankingEvaluator evaluator, int group, float... rows) {
    for (int i = 0; i < rows.length; i += 2) {
      evaluator.add(0, group, rows[i + 1], rows[i]);
    }
  }

  @ParameterizedTest
  @CsvSource({"tied, 16", "tied, 4096", "distinct, 16", "distinct, 4096"})
  void agreesWithScikitLearnAndTrecEval(String name, int rowsInMemory) throws IOException {
    RankingResult result;
    try (RankingEvaluator evaluator =
        new RankingEvaluator(
            List.of("feed", "search", "empty"), List.of(5, 1, 3), scratch, rowsInMemory)) {
      for (String line : text("ranking-" + name + ".csv").lines().skip(1).toList()) {
        String[] cells = line.split(",");
        evaluator.add(
            Integer.parseInt(cells[0]),
            Integer.parseInt(cells[1]),
            Float.parseFloat(cells[2]),
            Float.parseFloat(cells[3]));
      }
      result = evaluator.result();
    }
    JsonNode reference = JSON.readTree(text("ranking-reference.json")).get(name);
    requireSame(result.overall(), reference.get("overall"));
    for (RankingMetrics scenario : result.scenarios()) {
      requireSame(scenario, reference.get("scenarios").get(scenario.name()));
    }
  }

  private static void requireSame(RankingMetrics metrics, JsonNode expected) {
    assertThat(metrics.groups()).isEqualTo(expected.get("groups").asLong());
    assertThat(metrics.mixedGroups()).isEqualTo(expected.get("mixedGroups").asLong());
    if (metrics.groups() == 0) {
      assertThat(metrics.mrr()).isNaN();
      return;
    }
    assertThat(metrics.auc()).isCloseTo(expected.get("auc").asDouble(), ROUNDING);
    requireSameRanking(metrics, expected);
    if (expected.has("trec_eval")) {
      requireSameRanking(metrics, expected.get("trec_eval"));
    }
  }

  private static void requireSameRanking(RankingMetrics metrics, JsonNode expected) {
    assertThat(metrics.mrr()).isCloseTo(expected.get("mrr").asDouble(), ROUNDING);
    assertThat(metrics.first()).extracting(RankingMetrics.First::k).containsExactly(1, 3, 5);
    for (RankingMetrics.First first : metrics.first()) {
      assertThat(first.ndcg()).isCloseTo(expected.get("ndcg@" + first.k()).asDouble(), ROUNDING);
      assertThat(first.hitRate()).isCloseTo(expected.get("hr@" + first.k()).asDouble(), ROUNDING);
    }
  }

  private static String text(String name) throws IOException {
    try (InputStream file = RankingEvaluatorTest.class.getResourceAsStream(name)) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
