package org.llm4msr.endtoend;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.llm4msr.endtoend.HeldShop.send;
import static org.llm4msr.endtoend.ServedShop.assertRefused;
import static org.llm4msr.endtoend.ServedShop.get;
import static org.llm4msr.endtoend.ServedShop.post;
import static org.llm4msr.endtoend.ServedShop.request;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.endtoend.HeldShop.Hold;
import org.llm4msr.server.RankingServer;

/** Texts that come while another one is encoded. */
class FreshTextsTest {

  private static final String USER = "/v1/knowledge/user/";
  private static final long PATIENCE = 30;

  @TempDir static Path folder;
  private static HeldShop shop;

  @BeforeAll
  static void train() throws Exception {
    shop = HeldShop.train(folder);
  }

  private static String text(String text) {
    return "{\"text\": \"%s\"}".formatted(text);
  }

  private static int status(CompletableFuture<HttpResponse<String>> answer) throws Exception {
    return answer.get(PATIENCE, SECONDS).statusCode();
  }

  private static double probability(RankingServer server, int user) throws Exception {
    HttpResponse<String> answer = post(server, request(user, 1, ""));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return ServedShop.JSON.readTree(answer.body()).at("/items/0/probability").asDouble();
  }

  /** The encoder gives the numbers (length mod 7, length mod 5, hash mod 11, 1). */
  @Test
  void textsWaitForEachOtherAndNothingElseWaitsForThem() throws Exception {
    try (RankingServer server = shop.start()) {
      int port = server.port();
      double before = probability(server, 17);
      CompletableFuture<HttpResponse<String>> first;
      CompletableFuture<HttpResponse<String>> second;
      try (Hold hold = new Hold(HeldShop.ENCODING)) {
        first = send(port, "PUT", USER + "17", text("hold it"));
        hold.await();
        second = send(port, "PUT", USER + "17", text("abc"));

        assertThat(probability(server, 17)).isEqualTo(before);
        assertThat(status(send(port, "PUT", USER + "18", "{\"vector\": [1, 2, 3, 4]}")))
            .isEqualTo(200);
        assertThat(get(server, USER + "18")).contains("\"width\":4");
        assertThat(status(send(port, "DELETE", USER + "18", ""))).isEqualTo(204);
        assertThat(get(server, "/v1/models")).contains("\"main\"");
        assertThat(get(server, "/metrics")).contains("llm4msr_fresh_vectors_bytes 0.0");
        assertThat(first).isNotDone();
        assertThat(second).isNotDone();
      }
      assertThat(status(first)).isEqualTo(200);
      assertThat(status(second)).isEqualTo(200);

      double after = probability(server, 17);
      String vector = "{\"vector\": [3, 3, %d, 1]}".formatted("abc".hashCode() % 11);
      assertThat(status(send(port, "PUT", USER + "17", vector))).isEqualTo(200);
      assertThat(probability(server, 17)).isEqualTo(after).isNotEqualTo(before);
    }
  }

  @Test
  void moreTextsThanMayWaitAreRefusedAndNoneThatWasTakenIsLost() throws Exception {
    try (RankingServer server = shop.start()) {
      List<CompletableFuture<HttpResponse<String>>> taken = new ArrayList<>();
      List<CompletableFuture<HttpResponse<String>>> more = new ArrayList<>();
      try (Hold hold = new Hold(HeldShop.ENCODING)) {
        taken.add(send(server.port(), "PUT", USER + "held", text("hold it")));
        hold.await();
        for (int user = 0; user < 70; user++) {
          more.add(send(server.port(), "PUT", USER + user, text("of " + user)));
        }
        Await.until(
            () ->
                assertThat(more.stream().filter(CompletableFuture::isDone).count())
                    .as("refused")
                    .isGreaterThanOrEqualTo(70 - 64));
        for (CompletableFuture<HttpResponse<String>> one : more) {
          if (one.isDone()) {
            assertRefused(one.get(), 503, "serve/BUSY");
          } else {
            taken.add(one);
          }
        }
      }
      assertThat(taken).hasSize(1 + 64);
      for (CompletableFuture<HttpResponse<String>> one : taken) {
        assertThat(status(one)).isEqualTo(200);
      }
      assertThat(get(server, "/metrics")).contains("llm4msr_fresh_vectors{level=\"user\"} 65.0");
    }
  }

  @Test
  void aVersionThatComesWhileATextIsEncodedReadsItsVector() throws Exception {
    Path versions = Files.createDirectory(folder.resolve("versions"));
    copy(shop.bundle, versions.resolve("v1"));
    copy(shop.bundle, versions.resolve("v2"));
    try (RankingServer server =
        shop.start("models.other.versions=" + versions, "models.main.weight=0")) {
      double before = probability(server, 17);
      CompletableFuture<HttpResponse<String>> put;
      try (Hold hold = new Hold(HeldShop.ENCODING)) {
        put = send(server.port(), "PUT", USER + "17", text("hold it"));
        hold.await();
        assertThat(status(send(server.port(), "POST", "/v1/models/other", "{\"version\": \"v1\"}")))
            .isEqualTo(200);
        assertThat(get(server, "/v1/models")).contains("\"version\":\"v1\"");
      }
      assertThat(status(put)).isEqualTo(200);
      assertThat(put.get().body()).contains("\"models\":[\"main\",\"other\"]");
      assertThat(probability(server, 17)).isNotEqualTo(before);
    }
  }

  private static void copy(Path from, Path to) throws Exception {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }
}
