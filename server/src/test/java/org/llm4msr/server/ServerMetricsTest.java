package org.llm4msr.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.llm4msr.server.FakeServer.get;
import static org.llm4msr.server.FakeServer.metric;
import static org.llm4msr.server.FakeServer.post;
import static org.llm4msr.server.FakeServer.rank;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.serving.ranker.RankResult;

/** What a server counts. */
class ServerMetricsTest {

  @TempDir Path folder;

  @Test
  void metricsCountByModelAndScenario() throws Exception {
    Path bundle = new FakeBundle(1).write(folder.resolve("compiled"));
    try (RankingServer counted = FakeServer.start(bundle)) {
      double sum = 0;
      for (int user = 0; user < 3; user++) {
        for (float probability : rank(counted, FakeShop.json(user, 4, ""))) {
          sum += probability;
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
              "llm4msr_expected_probability%s} %s"
                  .formatted(labels, FakeBundle.EXPECTED_PROBABILITY),
              "llm4msr_expected_unknown_values{field=\"hour\",model=\"main\"} "
                  + FakeBundle.EXPECTED_UNKNOWN_HOURS,
              "llm4msr_model_info{digest=\"%s\",model=\"main\",version=\"compiled\"} 1"
                  .formatted(Bundle.peek(bundle).digest()));
      assertThat(metric(counted, "llm4msr_probability_sum" + labels + "}"))
          .isCloseTo(sum, within(1e-6));
    }
  }

  @Test
  void theTimeOfARequestIsFromItsArrivalToItsAnswer() throws Exception {
    Path bundle = new FakeBundle(1).write(folder.resolve("compiled"));
    FakeModel model = FakeModel.open(bundle);
    AtomicLong now = new AtomicLong();
    model.whenRanked(request -> now.addAndGet(Duration.ofMillis(250).toNanos()));
    try (RankingServer counted =
        FakeServer.start(now::get, (path, vectors) -> model, "models.main.bundle=" + bundle)) {
      for (int user = 0; user < 3; user++) {
        rank(counted, FakeShop.json(user, 2, ""));
      }
      assertThat(metric(counted, "llm4msr_rank_seconds_sum{model=\"main\",scenario=\"feed\"}"))
          .isEqualTo(0.75);
    }
  }

  @Test
  @Timeout(60)
  void aShadowRanksUnseenAndIsComparedByTheLabelsThatBothHave() throws Exception {
    FakeBundle labels = new FakeBundle(1, FakeShop.SCENARIOS, List.of("like", "buy"));
    FakeBundle like = new FakeBundle(2, FakeShop.SCENARIOS, List.of("like"));
    Path bundle = labels.write(folder.resolve("compiled"));
    Path other = like.write(folder.resolve("next"));
    FakeModel shadow = FakeModel.open(other);
    CountDownLatch ranked = new CountDownLatch(5);
    shadow.whenRanked(request -> ranked.countDown());
    FakeModel main = FakeModel.open(bundle);
    RankResult first = main.rank(FakeShop.request(17, 30));
    RankResult second = FakeModel.open(other).rank(FakeShop.request(17, 30));
    double sum = 0;
    double ofLikes = 0;
    for (int i = 0; i < 30; i++) {
      sum += Math.abs(first.probability(i) - second.probability(i));
      ofLikes += Math.abs(first.probability(0, i) - second.probability(0, i));
    }
    try (RankingServer server =
        FakeServer.start(
            (path, vectors) -> path.endsWith("next") ? shadow : main,
            "models.main.bundle=" + bundle,
            "models.next.bundle=" + other,
            "models.next.shadow=1")) {
      for (int i = 0; i < 5; i++) {
        assertThat(post(server, FakeShop.json(17, 30, "")).body()).contains("\"model\":\"main\"");
      }
      String next = "{model=\"next\"}";
      ranked.await();
      String likes = "{label=\"like\",model=\"next\"}";
      String sameBest = "llm4msr_shadow_same_best_total" + next;
      double same = first.best(1)[0] == second.best(1)[0] ? 5 : 0;
      while (metric(server, "llm4msr_shadow_label_difference_count" + likes) < 150
          || metric(server, sameBest) < same) {
        Thread.onSpinWait(); // What it ranked last is counted a moment later.
      }

      assertThat(metric(server, "llm4msr_shadow_difference_sum" + next))
          .isCloseTo(5 * sum, within(1e-5));
      assertThat(metric(server, "llm4msr_shadow_label_difference_sum" + likes))
          .isCloseTo(5 * ofLikes, within(1e-5));
      assertThat(metric(server, "llm4msr_shadow_difference_count" + next)).isEqualTo(150);
      assertThat(metric(server, sameBest)).isEqualTo(same);
      assertThat(get(server, "/metrics")).doesNotContain("label=\"buy\"");
      assertThat(post(server, FakeShop.json(17, 3, ", \"model\": \"next\"")).statusCode())
          .isEqualTo(200);
    }
  }
}
