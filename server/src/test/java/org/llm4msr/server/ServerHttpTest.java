package org.llm4msr.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.llm4msr.server.FakeServer.JSON;
import static org.llm4msr.server.FakeServer.assertRefused;
import static org.llm4msr.server.FakeServer.call;
import static org.llm4msr.server.FakeServer.get;
import static org.llm4msr.server.FakeServer.post;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.serving.ranker.RankResult;

/** A server asked over HTTP, beside its model in this process. */
class ServerHttpTest {

  @TempDir static Path folder;
  private static Path bundle;
  private static FakeModel model;
  private static RankingServer server;

  @BeforeAll
  static void begin() throws Exception {
    bundle = new FakeBundle(1).write(folder.resolve("compiled"));
    model = FakeModel.open(bundle);
    server = FakeServer.start(bundle);
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @Test
  void jsonHasTheBestItemsOfTheModel() throws Exception {
    RankResult expected = model.rank(FakeShop.request(17, 30));
    int[] best = expected.best(5);

    JsonNode answer = JSON.readTree(post(server, FakeShop.json(17, 30, ", \"top\": 5")).body());

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

  @Test
  void anItemThatCannotBeReadSaysWhyAndTheOthersAreRanked() throws Exception {
    JsonNode answer =
        JSON.readTree(
            post(
                    server,
                    """
                    {"id": "r7", "user": "nobody", "scenario": "feed",
                     "context": {"hour": 3, "price": 12.5, "tags": []},
                     "items": [{"id": "i1", "fields": {"price": "much"}}, {"id": "new"}, {"id": "i2"}]}
                    """)
                .body());

    assertThat(answer.get("id").asText()).isEqualTo("r7");
    assertThat(answer.get("items").findValuesAsText("status"))
        .containsExactlyInAnyOrder("SCORED", "UNKNOWN", "MALFORMED");
    JsonNode last = answer.get("items").get(2);
    assertThat(last.get("id").asText()).isEqualTo("i1");
    assertThat(last.get("error").asText()).startsWith("[data/BAD_VALUE]").contains("'much'");
    assertThat(last.has("probability")).isFalse();
  }

  @Test
  void usersAreSharedByWeightAndKeepTheirModel() throws Exception {
    try (RankingServer two =
        FakeServer.start(
            bundle,
            "models.main.weight=3",
            "models.other.bundle=" + bundle,
            "models.none.bundle=" + bundle,
            "models.none.weight=0")) {
      Map<String, Integer> users = new TreeMap<>();
      for (int user = 0; user < 400; user++) {
        String chosen = model(two, user);
        users.merge(chosen, 1, Integer::sum);
        if (user % 100 == 0) {
          assertThat(model(two, user)).isEqualTo(chosen);
        }
      }
      // Binomial with p = 1/4 and n = 400: a standard deviation is 8.7.
      assertThat(users.keySet()).containsExactly("main", "other");
      assertThat(users.get("other")).isBetween(65, 135);
      JsonNode named =
          JSON.readTree(post(two, FakeShop.json(1, 1, ", \"model\": \"none\"")).body());
      assertThat(named.get("model").asText()).isEqualTo("none");
    }
  }

  private static String model(RankingServer to, int user) throws Exception {
    return JSON.readTree(post(to, FakeShop.json(user, 1, "")).body()).get("model").asText();
  }

  @Test
  void theDescriptionNamesModelsAndScenarios() throws Exception {
    JsonNode description = JSON.readTree(get(server, "/openapi.json"));
    JsonNode properties = description.at("/components/schemas/RankRequest/properties");

    assertThat(properties.at("/scenario/enum")).hasToString("[\"feed\",\"search\"]");
    assertThat(properties.at("/model/enum")).hasToString("[\"main\"]");
  }

  @Test
  void aModelIsToldByItsNameAndOtherMethodsAreNamed() throws Exception {
    JsonNode all = JSON.readTree(get(server, "/v1/models"));

    assertThat(JSON.readTree(get(server, "/v1/models/main"))).isEqualTo(all.at("/models/0"));
    assertRefused(call(server, "GET", "/v1/models/nix", ""), 404, "serve/NO_MODEL");
    for (String[] each :
        new String[][] {
          {"/v1/rank", "POST"},
          {"/v1/models", "GET, HEAD"},
          {"/v1/models/main", "GET, HEAD, POST"},
          {"/v1/knowledge/user/17", "PUT, GET, HEAD, DELETE"}
        }) {
      HttpResponse<String> refused = call(server, "PATCH", each[0], "{}");
      assertRefused(refused, 405, "serve/HTTP_405");
      assertThat(refused.headers().firstValue("allow")).hasValue(each[1]);
    }
  }
}
