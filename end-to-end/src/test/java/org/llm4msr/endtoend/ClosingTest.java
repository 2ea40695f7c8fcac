package org.llm4msr.endtoend;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.llm4msr.endtoend.HeldShop.send;
import static org.llm4msr.endtoend.ServedShop.assertRefused;
import static org.llm4msr.endtoend.ServedShop.get;
import static org.llm4msr.endtoend.ServedShop.request;
import static org.llm4msr.endtoend.ServedShop.same;

import com.google.protobuf.Value;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.endtoend.HeldShop.Hold;
import org.llm4msr.protocol.v1.Item;
import org.llm4msr.protocol.v1.RankRequest;
import org.llm4msr.server.RankingServer;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;

/** A ranker and a server that are closed while something is computed. */
class ClosingTest {

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

  @Test
  void aRankerWaitsForTheRequestInThePass() throws Exception {
    Ranker ranker = shop.ranker();
    RankResult expected = ranker.rank(same(17, 3));
    CompletableFuture<RankResult> held;
    Thread closing = new Thread(ranker::close);
    try (Hold hold = new Hold(HeldShop.MODEL)) {
      held = CompletableFuture.supplyAsync(() -> ranker.rank(same(17, 3)));
      hold.await();
      closing.start();
      Await.until(() -> assertThat(closing.getState()).isEqualTo(Thread.State.WAITING));
      assertThat(held).isNotDone();
    }
    closing.join(SECONDS.toMillis(PATIENCE));

    for (int item = 0; item < 3; item++) {
      assertThat(held.get(PATIENCE, SECONDS).probability(item))
          .isEqualTo(expected.probability(item));
    }
    assertThat(closing.isAlive()).isFalse();
    assertThatThrownBy(() -> ranker.rank(same(17, 3))).hasMessageStartingWith("[rank/CLOSED]");
    assertThatThrownBy(() -> ranker.explain(same(17, 3))).hasMessageStartingWith("[rank/CLOSED]");
    ranker.close();
  }

  /** The pass does not end while they are allowed to: whatever is awaited is refused. */
  @ParameterizedTest
  @CsvSource({"0, HTTP_1_1", "0.3, HTTP_1_1", "0, HTTP_2", "0.3, HTTP_2"})
  void requestsInThePassAndInTheQueueAreRefusedAsTheServerEnds(
      String drain, HttpClient.Version version) throws Exception {
    RankingServer server =
        shop.start("drainSeconds=" + drain, "threads=1", "limits.timeoutMillis=60000");
    int port = server.port();
    CompletableFuture<Void> closing;
    try (Hold hold = new Hold(HeldShop.MODEL)) {
      CompletableFuture<HttpResponse<String>> inPass =
          send(port, version, "POST", "/v1/rank", request(17, 3, ""));
      hold.await();
      CompletableFuture<HttpResponse<String>> waiting =
          send(port, version, "POST", "/v1/rank", request(18, 3, ""));
      awaitMetric(server, "llm4msr_queue_requests 1.0");
      closing = CompletableFuture.runAsync(server::close);

      assertRefused(inPass.get(PATIENCE, SECONDS), 503, "serve/NOT_READY");
      assertRefused(waiting.get(PATIENCE, SECONDS), 503, "serve/NOT_READY");
      assertThat(closing).isNotDone();
    }
    closing.get(PATIENCE, SECONDS);
  }

  private static void awaitMetric(RankingServer server, String line) throws Exception {
    Await.until(() -> assertThat(get(server, "/metrics")).contains(line));
  }

  @Test
  void aCallOfGrpcInThePassIsUnavailableAsTheServerEnds() throws Exception {
    RankingServer server = shop.start("drainSeconds=0.3", "limits.timeoutMillis=60000");
    ManagedChannel channel =
        ManagedChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    RankRequest request =
        RankRequest.newBuilder()
            .setUser("17")
            .setScenario("feed")
            .putContext("hour", Value.newBuilder().setNumberValue(3).build())
            .putContext("price", Value.newBuilder().setNumberValue(12.5).build())
            .putContext("tags", Value.newBuilder().setStringValue("a").build())
            .addItems(Item.newBuilder().setId("i1"))
            .build();
    CompletableFuture<Void> closing;
    try (Hold hold = new Hold(HeldShop.MODEL)) {
      CompletableFuture<?> call =
          CompletableFuture.supplyAsync(() -> ServerGrpcTest.call(channel, request));
      hold.await();
      closing = CompletableFuture.runAsync(server::close);

      assertThatThrownBy(() -> call.get(PATIENCE, SECONDS))
          .hasCauseInstanceOf(StatusRuntimeException.class)
          .hasMessageContaining("UNAVAILABLE")
          .hasMessageContaining("serve/NOT_READY");
    } finally {
      channel.shutdownNow();
    }
    closing.get(PATIENCE, SECONDS);
  }

  /** What was refused was not taken, so that to ask again is right. */
  @Test
  void textsThatAreEncodedAsTheServerEndsAreRefused() throws Exception {
    Path kept = folder.resolve("kept");
    String keep = "knowledge.folder=" + kept;
    RankingServer server = shop.start("drainSeconds=0.3", keep);
    int port = server.port();
    CompletableFuture<Void> closing;
    try (Hold hold = new Hold(HeldShop.ENCODING)) {
      assertThat(send(port, "PUT", USER + "a", text("first")).get(PATIENCE, SECONDS).statusCode())
          .isEqualTo(200);
      CompletableFuture<HttpResponse<String>> encoded =
          send(port, "PUT", USER + "b", text("hold it"));
      hold.await();
      CompletableFuture<HttpResponse<String>> waiting =
          send(port, "PUT", USER + "c", text("second"));
      closing = CompletableFuture.runAsync(server::close);

      assertRefused(encoded.get(PATIENCE, SECONDS), 503, "serve/NOT_READY");
      assertRefused(waiting.get(PATIENCE, SECONDS), 503, "serve/NOT_READY");
      assertThat(closing).isNotDone();
    }
    closing.get(PATIENCE, SECONDS);

    try (RankingServer again = shop.start(keep)) {
      assertThat(get(again, USER + "a")).contains("\"width\":4");
      assertThat(get(again, USER + "b")).contains("serve/NO_VECTOR");
      assertThat(get(again, USER + "c")).contains("serve/NO_VECTOR");
    }
  }

  /** A signal that ends the command closes the server, and the command's own end does. */
  @Test
  void closingAgainWaitsForTheEndAndReleasesNothingTwice() throws Exception {
    RankingServer server = shop.start("drainSeconds=60", "limits.timeoutMillis=60000");
    CompletableFuture<HttpResponse<String>> inPass;
    CompletableFuture<Void> closing;
    CompletableFuture<Void> again;
    try (Hold hold = new Hold(HeldShop.MODEL)) {
      inPass = send(server.port(), "POST", "/v1/rank", request(17, 1, ""));
      hold.await();
      closing = CompletableFuture.runAsync(server::close);
      again = CompletableFuture.runAsync(server::close);
      assertThat(again).isNotDone();
    }
    assertThat(inPass.get(PATIENCE, SECONDS).statusCode()).isEqualTo(200);
    closing.get(PATIENCE, SECONDS);
    again.get(PATIENCE, SECONDS);
    server.close();
  }

  @Test
  void aServerThatStartsListsTheModelsThatAreLoaded() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    CompletableFuture<RankingServer> starting;
    try (Hold hold = new Hold(HeldShop.MODEL)) {
      starting =
          CompletableFuture.supplyAsync(() -> shop.start("port=" + port, "warmUpSeconds=0.1"));
      hold.await();

      HttpResponse<String> listed = send(port, "GET", "/v1/models", "").get(PATIENCE, SECONDS);
      assertThat(listed.body()).isEqualTo("{\"models\":[]}");
    }
    try (RankingServer server = starting.get(PATIENCE, SECONDS)) {
      assertThat(get(server, "/v1/models")).contains("\"main\"");
    }
  }
}
