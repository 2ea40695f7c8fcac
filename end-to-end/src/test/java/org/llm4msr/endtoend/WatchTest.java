package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.report.ReportServer;
import org.llm4msr.runtime.report.RunReport;
import org.w3c.dom.Document;

/** The page on a run that is being trained. */
class WatchTest {

  @TempDir static Path folder;
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static Experiment experiment;

  @BeforeAll
  static void prepare() throws IOException {
    SmallShop shop = SmallShop.write(folder, 1, 1000, 1500, 40, List.of("feed", "search"));
    experiment = Experiment.fromYaml(shop.experiment());
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
  }

  private static HttpResponse<String> get(ReportServer server, String path) {
    HttpRequest request = HttpRequest.newBuilder(URI.create(server.address() + path)).build();
    try {
      return HTTP.send(request, BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void showsFiguresAsTheyCome() throws Exception {
    String address;
    try (ReportServer server = ReportServer.start(new RunReport(experiment, "live"), 0)) {
      address = server.address();
      assertThat(get(server, "").body()).contains("not finished").doesNotContain("curve-auc");
      Set<Boolean> curves = new TreeSet<>();
      Progress looks =
          (done, total) -> curves.add(get(server, "body").body().contains("id=\"curve-auc\""));

      experiment.train("live", looks);

      assertThat(curves).as("none in the first epoch, then some").containsExactly(false, true);
      HttpResponse<String> page = get(server, "");
      assertThat(page.headers().firstValue("Content-Type")).hasValue("text/html; charset=utf-8");
      Document document = ReportTest.parse(page.body());
      ReportTest.assertSelfContained(document);
      assertThat(page.body()).contains("curve-auc", "best step");
    }
    assertThatThrownBy(
            () ->
                HTTP.send(
                    HttpRequest.newBuilder(URI.create(address)).build(), BodyHandlers.ofString()))
        .isInstanceOf(IOException.class);
  }

  @Test
  @Tag("services")
  void aBrowserShowsThem(@TempDir Path place) throws Exception {
    experiment.train("seen", Progress.NONE);
    try (ReportServer server = ReportServer.start(new RunReport(experiment, "seen"), 0)) {
      Browser.Seen seen =
          Browser.find(place).open(server.address(), place.resolve("live.png"), 5_000);

      assertThat(seen.console()).isEmpty();
      assertThat(seen.dom()).contains("curve-auc", "Live:");
    }
  }

  @Test
  void answersBrowsersOfThisMachineOnly() throws IOException {
    try (ReportServer server = ReportServer.start(new RunReport(experiment, "none"), 0)) {
      assertThat(get(server, "other").statusCode()).isEqualTo(404);
      int port = URI.create(server.address()).getPort();
      try (Socket socket = new Socket("127.0.0.1", port)) {
        String request =
            "GET / HTTP/1.1\r\nHost: elsewhere.example:%d\r\nConnection: close\r\n\r\n";
        socket.getOutputStream().write(request.formatted(port).getBytes(UTF_8));
        assertThat(new String(socket.getInputStream().readAllBytes(), UTF_8))
            .startsWith("HTTP/1.1 403");
      }
      assertThatThrownBy(() -> ReportServer.start(new RunReport(experiment, "none"), port))
          .isInstanceOf(MsrException.class)
          .hasMessageContaining("report/PORT")
          .hasMessageContaining(String.valueOf(port));
    }
  }
}
