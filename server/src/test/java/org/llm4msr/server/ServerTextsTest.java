package org.llm4msr.server;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.llm4msr.server.FakeServer.assertRefused;
import static org.llm4msr.server.FakeServer.get;
import static org.llm4msr.server.FakeServer.rank;

import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Texts that come while another one is encoded. */
@Timeout(60)
class ServerTextsTest {

  private static final String USER = "/v1/knowledge/user/";
  private static final String ENCODER = "knowledge.encoder={name: fake}";
  private static final long PATIENCE = 30;

  @TempDir Path folder;
  private final Hold hold = new Hold();
  private Path bundle;

  @BeforeEach
  void write() throws Exception {
    bundle = new FakeBundle(1).write(folder.resolve("compiled"));
    FakeEncoder.whenEncoding(hold::hold);
  }

  @AfterEach
  void release() {
    hold.close();
    FakeEncoder.whenEncoding(() -> {});
  }

  private static CompletableFuture<HttpResponse<String>> send(
      int port, String method, String path, String body) {
    return FakeServer.send(port, HttpClient.Version.HTTP_1_1, method, path, body);
  }

  private static String text(String text) {
    return "{\"text\": \"%s\"}".formatted(text);
  }

  private static int status(CompletableFuture<HttpResponse<String>> answer) throws Exception {
    return answer.get(PATIENCE, SECONDS).statusCode();
  }

  private static float probability(RankingServer server, int user) throws Exception {
    return rank(server, FakeShop.json(user, 1, ""))[0];
  }

  /** The encoder gives the numbers (length mod 7, length mod 5, hash mod 11, 1). */
  @Test
  void textsWaitForEachOtherAndNothingElseWaitsForThem() throws Exception {
    try (RankingServer server = FakeServer.start(bundle, ENCODER)) {
      int port = server.port();
      float before = probability(server, 17);
      CompletableFuture<HttpResponse<String>> first =
          send(port, "PUT", USER + "17", text("hold it"));
      hold.await();
      CompletableFuture<HttpResponse<String>> second = send(port, "PUT", USER + "17", text("abc"));

      assertThat(probability(server, 17)).isEqualTo(before);
      assertThat(status(send(port, "PUT", USER + "18", "{\"vector\": [1, 2, 3, 4]}")))
          .isEqualTo(200);
      assertThat(get(server, USER + "18")).contains("\"width\":4");
      assertThat(status(send(port, "DELETE", USER + "18", ""))).isEqualTo(204);
      assertThat(get(server, "/v1/models")).contains("\"main\"");
      assertThat(get(server, "/metrics")).contains("llm4msr_fresh_vectors_bytes 0.0");
      assertThat(first).isNotDone();
      assertThat(second).isNotDone();
      hold.release();
      assertThat(status(first)).isEqualTo(200);
      assertThat(status(second)).isEqualTo(200);

      float after = probability(server, 17);
      String vector = "{\"vector\": [3, 3, %d, 1]}".formatted("abc".hashCode() % 11);
      assertThat(status(send(port, "PUT", USER + "17", vector))).isEqualTo(200);
      assertThat(probability(server, 17)).isEqualTo(after).isNotEqualTo(before);
    }
  }

  @Test
  void moreTextsThanMayWaitAreRefusedAndNoneThatWasTakenIsLost() throws Exception {
    try (RankingServer server = FakeServer.start(bundle, ENCODER)) {
      List<CompletableFuture<HttpResponse<String>>> taken = new ArrayList<>();
      List<CompletableFuture<HttpResponse<String>>> more = new ArrayList<>();
      taken.add(send(server.port(), "PUT", USER + "held", text("hold it")));
      hold.await();
      for (int user = 0; user < 70; user++) {
        more.add(send(server.port(), "PUT", USER + user, text("of " + user)));
      }
      while (more.stream().filter(CompletableFuture::isDone).count() < 70 - 64) {
        Thread.onSpinWait();
      }
      for (CompletableFuture<HttpResponse<String>> one : more) {
        if (one.isDone()) {
          assertRefused(one.get(), 503, "serve/BUSY");
        } else {
          taken.add(one);
        }
      }
      hold.release();
      assertThat(taken).hasSize(1 + 64);
      for (CompletableFuture<HttpResponse<String>> one : taken) {
        assertThat(status(one)).isEqualTo(200);
      }
      assertThat(get(server, "/metrics")).contains("llm4msr_fresh_vectors{level=\"user\"} 65.0");
    }
  }

  @Test
  void aVersionThatComesWhileATextIsEncodedReadsItsVector() throws Exception {
    Path versions = folder.resolve("versions");
    new FakeBundle(1).write(versions.resolve("v1"));
    new FakeBundle(1).write(versions.resolve("v2"));
    try (RankingServer server =
        FakeServer.start(
            bundle, ENCODER, "models.other.versions=" + versions, "models.main.weight=0")) {
      int port = server.port();
      float before = probability(server, 17);
      CompletableFuture<HttpResponse<String>> put = send(port, "PUT", USER + "17", text("hold it"));
      hold.await();
      assertThat(status(send(port, "POST", "/v1/models/other", "{\"version\": \"v1\"}")))
          .isEqualTo(200);
      assertThat(get(server, "/v1/models")).contains("\"version\":\"v1\"");
      hold.release();
      assertThat(status(put)).isEqualTo(200);
      assertThat(put.get().body()).contains("\"models\":[\"main\",\"other\"]");
      assertThat(probability(server, 17)).isNotEqualTo(before);
    }
  }

  /** What was refused was not taken, so that to ask again is right. */
  @Test
  void textsThatAreEncodedAsTheServerEndsAreRefused() throws Exception {
    String keep = "knowledge.folder=" + folder.resolve("kept");
    RankingServer server = FakeServer.start(bundle, ENCODER, "drainSeconds=0.3", keep);
    int port = server.port();
    assertThat(status(send(port, "PUT", USER + "a", text("first")))).isEqualTo(200);
    CompletableFuture<HttpResponse<String>> encoded =
        send(port, "PUT", USER + "b", text("hold it"));
    hold.await();
    CompletableFuture<HttpResponse<String>> waiting = send(port, "PUT", USER + "c", text("second"));
    CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);

    assertRefused(encoded.get(PATIENCE, SECONDS), 503, "serve/NOT_READY");
    assertRefused(waiting.get(PATIENCE, SECONDS), 503, "serve/NOT_READY");
    assertThat(closing).isNotDone();
    hold.release();
    closing.get(PATIENCE, SECONDS);

    try (RankingServer again = FakeServer.start(bundle, ENCODER, keep)) {
      assertThat(get(again, USER + "a")).contains("\"width\":4");
      assertThat(get(again, USER + "b")).contains("serve/NO_VECTOR");
      assertThat(get(again, USER + "c")).contains("serve/NO_VECTOR");
    }
  }
}
