package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.llm4msr.endtoend.ServedShop.CLIENT;
import static org.llm4msr.endtoend.ServedShop.get;
import static org.llm4msr.endtoend.ServedShop.request;
import static org.llm4msr.endtoend.ServedShop.start;

import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.RankingServer;

/** How a server begins and ends. */
class ServerLifeTest {

  @TempDir Path folder;

  @BeforeAll
  static void train() {
    ServedShop.train();
  }

  @Test
  void requestsUnderWayEndBeforeTheServer() throws Exception {
    RankingServer ending =
        start(
            "drainSeconds=60",
            "limits.items=400000",
            "limits.body=40000000",
            "limits.timeoutMillis=60000");
    CompletableFuture<HttpResponse<String>> answer =
        CLIENT.sendAsync(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:%d/v1/rank".formatted(ending.port())))
                .POST(BodyPublishers.ofString(request(17, 150_000, ", \"top\": 1")))
                .build(),
            BodyHandlers.ofString());
    while (!get(ending, "/metrics").contains("llm4msr_running_requests 1.0")) {
      assertThat(answer).isNotDone();
    }
    int port = ending.port();
    ending.close();

    assertThat(answer.get(1, TimeUnit.MINUTES).statusCode()).isEqualTo(200);
    assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port))
        .isInstanceOf(ConnectException.class);
  }

  @Test
  void theCommandServesUntilItIsTerminated() throws Exception {
    Path place = Files.createDirectory(folder.resolve("it's: a #command"));
    Path bundle = Files.createSymbolicLink(place.resolve("bundle"), ServedShop.compiled());
    Cli.Running serving =
        new Cli(place).start("serve", bundle.toString(), "-Dport=0", "-DwarmUpSeconds=0.1");
    String address = "";
    while (address.isBlank()) {
      assertThat(serving.process().isAlive()).as("it serves").isTrue();
      Thread.sleep(50);
      address = Files.readString(serving.out(), UTF_8);
    }
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(address.strip() + "/v1/rank"))
            .POST(BodyPublishers.ofString(request(17, 3, "")))
            .build();
    assertThat(CLIENT.send(request, BodyHandlers.ofString()).body())
        .contains("\"model\":\"default\"");
    serving.process().destroy();
    Cli.Outcome outcome = serving.await();

    assertThat(outcome.code()).isEqualTo(143);
    assertThat(outcome.err()).contains("Ending the requests under way.").doesNotContain("cli/");
  }

  @Test
  void aServerThatCannotBeginLeavesNothing() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(() -> start("port=" + taken.getLocalPort()))
          .isInstanceOf(MsrException.class)
          .hasMessageStartingWith("[serve/ADDRESS]")
          .hasMessageContaining(String.valueOf(taken.getLocalPort()));
    }
    assertThatThrownBy(() -> start("models.other.bundle=" + folder))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[bundle/NO_BUNDLE]");
    assertThat(Thread.getAllStackTraces().keySet().stream().map(Thread::getName))
        .noneMatch(name -> name.matches("llm4msr-(rank|network|serve|flight).*"));
  }
}
