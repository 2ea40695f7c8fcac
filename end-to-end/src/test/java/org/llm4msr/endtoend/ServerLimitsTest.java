package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.llm4msr.endtoend.ServedShop.assertRefused;
import static org.llm4msr.endtoend.ServedShop.get;
import static org.llm4msr.endtoend.ServedShop.post;
import static org.llm4msr.endtoend.ServedShop.request;
import static org.llm4msr.endtoend.ServedShop.start;
import static org.llm4msr.endtoend.ServedShop.startForAll;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.llm4msr.server.RankingServer;

/** What a server does not take, and what it says to that. */
class ServerLimitsTest {

  private static final int ITEMS = 40;

  private static RankingServer server;

  @BeforeAll
  static void begin() {
    server = startForAll("limits.items=" + ITEMS, "limits.body=8192");
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @Test
  void whatIsNotTakenSaysWhy() throws Exception {
    assertRefused(post(server, "{\"user\": 1"), 400, "serve/BAD_REQUEST");
    assertRefused(
        post(server, "{\"user\": 1, \"scenario\": \"nix\", \"items\": []}"),
        404,
        "data/UNKNOWN_SCENARIO");
    assertRefused(post(server, request(17, 3, ", \"model\": \"nix\"")), 404, "serve/NO_MODEL");
    assertRefused(post(server, request(17, ITEMS + 1, "")), 413, "serve/TOO_LARGE");
    assertRefused(post(server, " ".repeat(10_000)), 413, "serve/TOO_LARGE");
    assertRefused(
        post(server, request(17, 3, ""), "X-Timeout-Millis", "soon"), 400, "serve/BAD_REQUEST");
    assertThat(get(server, "/nix")).contains("\"serve/HTTP_404\"");
    assertThat(get(server, "/v1/rank")).contains("\"serve/HTTP_405\"");
    assertThat(post(server, request(17, ITEMS, "")).statusCode()).isEqualTo(200);
  }

  @Test
  void whatTakesLongerThanItMayIsTooLate() throws Exception {
    try (RankingServer large = start("limits.items=100000", "limits.body=10000000")) {
      assertRefused(
          post(large, request(17, 50_000, ""), "X-Timeout-Millis", "1"), 504, "rank/DEADLINE");
      String counted = "llm4msr_refused_requests_total{reason=\"rank/DEADLINE\"} 1.0";
      while (!get(large, "/metrics").contains(counted)) {
        Thread.onSpinWait(); // The thread that ranks has not seen yet that it may stop.
      }
    }
  }
}
