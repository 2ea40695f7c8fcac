package org.llm4msr.server;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.llm4msr.server.FakeServer.assertRefused;
import static org.llm4msr.server.FakeServer.get;
import static org.llm4msr.server.FakeServer.metric;
import static org.llm4msr.server.FakeServer.send;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.MsrException;

/** How a server begins and ends, also while its model ranks. */
@Timeout(60)
class ServerLifeTest {

  private static final long MILLIS_TO_END = 10_000;
  private static final long PATIENCE = 30;

  @TempDir Path folder;
  private final Hold hold = new Hold();
  private Path bundle;
  private FakeModel model;

  @BeforeEach
  void open() throws Exception {
    bundle = new FakeBundle(1).write(folder.resolve("compiled"));
    model = FakeModel.open(bundle);
    model.whenRanked(request -> hold.hold());
  }

  @AfterEach
  void release() {
    hold.close();
  }

  private RankingServer start(String... settings) {
    return FakeServer.start(
        (path, vectors) -> model, FakeServer.with("models.main.bundle=" + bundle, settings));
  }

  private static CompletableFuture<HttpResponse<String>> rank(int port, int user) {
    return send(port, HttpClient.Version.HTTP_1_1, "POST", "/v1/rank", FakeShop.json(user, 3, ""));
  }

  @Test
  void requestsUnderWayEndBeforeTheServer() throws Exception {
    RankingServer ending = start("drainSeconds=60", "limits.timeoutMillis=60000");
    int port = ending.port();
    CompletableFuture<HttpResponse<String>> answer = rank(port, 17);
    hold.await();
    assertThat(metric(ending, "llm4msr_running_requests")).isEqualTo(1);
    CompletableFuture<Void> closing = CompletableFuture.runAsync(ending::close);
    CompletableFuture<Void> again = CompletableFuture.runAsync(ending::close);
    assertThat(closing).isNotDone();
    assertThat(again).isNotDone();
    hold.release();

    assertThat(answer.get(PATIENCE, SECONDS).statusCode()).isEqualTo(200);
    closing.get(PATIENCE, SECONDS);
    again.get(PATIENCE, SECONDS);
    ending.close();
    assertThat(model.isClosed()).isTrue();
    assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port))
        .isInstanceOf(ConnectException.class);
  }

  /** The request does not end while it is allowed to: whatever is awaited is refused. */
  @ParameterizedTest
  @CsvSource({"0, HTTP_1_1", "0.3, HTTP_1_1", "0, HTTP_2", "0.3, HTTP_2"})
  void requestsThatAreRankedAndInTheQueueAreRefusedAsTheServerEnds(
      String drain, HttpClient.Version version) throws Exception {
    RankingServer server =
        start("drainSeconds=" + drain, "threads=1", "limits.timeoutMillis=60000");
    int port = server.port();
    CompletableFuture<HttpResponse<String>> ranked =
        send(port, version, "POST", "/v1/rank", FakeShop.json(17, 3, ""));
    hold.await();
    CompletableFuture<HttpResponse<String>> waiting =
        send(port, version, "POST", "/v1/rank", FakeShop.json(18, 3, ""));
    while (metric(server, "llm4msr_queue_requests") < 1) {
      Thread.onSpinWait();
    }
    CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);

    assertRefused(ranked.get(PATIENCE, SECONDS), 503, "serve/NOT_READY");
    assertRefused(waiting.get(PATIENCE, SECONDS), 503, "serve/NOT_READY");
    assertThat(closing).isNotDone();
    hold.release();
    closing.get(PATIENCE, SECONDS);
  }

  @Test
  void aCallOfGrpcThatIsRankedIsUnavailableAsTheServerEnds() throws Exception {
    RankingServer server = start("drainSeconds=0.3", "limits.timeoutMillis=60000");
    ManagedChannel channel = ServerGrpcTest.channel(server);
    CompletableFuture<Void> closing;
    try {
      CompletableFuture<?> call =
          CompletableFuture.supplyAsync(
              () -> ServerGrpcTest.call(channel, ServerGrpcTest.message("17", 1).build()));
      hold.await();
      closing = CompletableFuture.runAsync(server::close);

      assertThatThrownBy(() -> call.get(PATIENCE, SECONDS))
          .hasCauseInstanceOf(StatusRuntimeException.class)
          .hasMessageContaining("UNAVAILABLE")
          .hasMessageContaining("serve/NOT_READY");
    } finally {
      channel.shutdownNow();
    }
    hold.release();
    closing.get(PATIENCE, SECONDS);
  }

  @Test
  void aServerThatStartsListsTheModelsThatAreLoaded() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    CompletableFuture<RankingServer> starting =
        CompletableFuture.supplyAsync(
            () ->
                FakeServer.start(
                    (path, vectors) -> {
                      hold.hold();
                      return model;
                    },
                    "models.main.bundle=" + bundle,
                    "port=" + port));
    hold.await();
    HttpResponse<String> listed =
        send(port, HttpClient.Version.HTTP_1_1, "GET", "/v1/models", "").get(PATIENCE, SECONDS);
    assertThat(listed.body()).isEqualTo("{\"models\":[]}");
    assertRefused(rank(port, 17).get(PATIENCE, SECONDS), 503, "serve/NOT_READY");

    hold.release();
    try (RankingServer server = starting.get(PATIENCE, SECONDS)) {
      assertThat(get(server, "/v1/models")).contains("\"main\"");
    }
  }

  @Test
  void aServerThatCannotBeginLeavesNothing() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(() -> start("port=" + taken.getLocalPort()))
          .isInstanceOf(MsrException.class)
          .hasMessageStartingWith("[serve/ADDRESS]")
          .hasMessageContaining(String.valueOf(taken.getLocalPort()));
    }
    assertThatThrownBy(
            () -> FakeServer.start(bundle, "models.other.bundle=" + folder.resolve("none")))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[bundle/NO_BUNDLE]");
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().matches("llm4msr-(rank|network|serve|flight|log|load|shadow).*")) {
        thread.join(MILLIS_TO_END); // A pool has ended a moment before its threads have.
        assertThat(thread.isAlive()).as(thread.getName()).isFalse();
      }
    }
  }
}
