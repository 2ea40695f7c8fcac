package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.llm4msr.endtoend.ServedShop.JSON;
import static org.llm4msr.endtoend.ServedShop.post;
import static org.llm4msr.endtoend.ServedShop.request;
import static org.llm4msr.endtoend.ServedShop.same;
import static org.llm4msr.endtoend.ServedShop.startForAll;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.llm4msr.server.RankingServer;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;

/** A server asked over HTTP, beside the ranker in this process. */
class ServerHttpTest {

  private static Ranker ranker;
  private static RankingServer server;

  @BeforeAll
  static void begin() {
    ranker = Ranker.open(ServedShop.compiled());
    server = startForAll();
  }

  @AfterAll
  static void end() {
    server.close();
    ranker.close();
  }

  @Test
  void jsonHasTheBestItemsOfTheRanker() throws Exception {
    RankResult expected = ranker.rank(same(17, 30));
    int[] best = expected.best(5);

    JsonNode answer = JSON.readTree(post(server, request(17, 30, ", \"top\": 5")).body());

    assertThat(answer.get("model").asText()).isEqualTo("main");
    assertThat(answer.get("version").asText()).isEqualTo("compiled");
    assertThat(answer.get("items")).hasSize(5);
    for (int i = 0; i < best.length; i++) {
      JsonNode item = answer.get("items").get(i);
      assertThat(item.get("place").asInt()).isEqualTo(best[i]);
      assertThat(item.get("id").asText()).isEqualTo("i" + best[i]);
      assertThat((float) item.get("probability").asDouble())
          .isEqualTo(expected.probability(best[i]));
    }
  }
}
