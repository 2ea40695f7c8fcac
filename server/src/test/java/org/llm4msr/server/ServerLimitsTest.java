package org.llm4msr.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.llm4msr.server.FakeServer.assertRefused;
import static org.llm4msr.server.FakeServer.get;
import static org.llm4msr.server.FakeServer.post;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a server does not take, and what it says to that. */
class ServerLimitsTest {

  private static final int ITEMS = 40;

  @TempDir static Path folder;
  private static Path bundle;

  @BeforeAll
  static void write() throws Exception {
    bundle = new FakeBundle(1).write(folder.resolve("compiled"));
  }

  @Test
  void whatIsNotTakenSaysWhy() throws Exception {
    try (RankingServer server =
        FakeServer.start(bundle, "limits.items=" + ITEMS, "limits.body=8192")) {
      assertRefused(post(server, "{\"user\": 1"), 400, "serve/BAD_REQUEST");
      assertRefused(
          post(server, "{\"user\": 1, \"scenario\": \"nix\", \"items\": []}"),
          404,
          "data/UNKNOWN_SCENARIO");
      assertRefused(
          post(server, FakeShop.json(17, 3, ", \"model\": \"nix\"")), 404, "serve/NO_MODEL");
      assertRefused(post(server, FakeShop.json(17, ITEMS + 1, "")), 413, "serve/TOO_LARGE");
      assertRefused(post(server, " ".repeat(10_000)), 413, "serve/TOO_LARGE");
      assertRefused(
          post(server, FakeShop.json(17, 3, ""), "X-Timeout-Millis", "soon"),
          400,
          "serve/BAD_REQUEST");
      assertThat(get(server, "/nix")).contains("\"serve/HTTP_404\"");
      assertThat(get(server, "/v1/rank")).contains("\"serve/HTTP_405\"");
      assertThat(post(server, FakeShop.json(17, ITEMS, "")).statusCode()).isEqualTo(200);
    }
  }

  /** The model is held until the request was answered. */
  @Test
  void whatTakesLongerThanItMayIsTooLate() throws Exception {
    FakeModel model = FakeModel.open(bundle);
    try (Hold hold = new Hold();
        RankingServer server =
            FakeServer.start((path, vectors) -> model, "models.main.bundle=" + bundle)) {
      model.whenRanked(request -> hold.hold());
      assertRefused(
          post(server, FakeShop.json(17, 3, ""), "X-Timeout-Millis", "50"), 504, "rank/DEADLINE");
      hold.release();
    }
  }
}
