package org.llm4msr.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.util.SystemInfo;
import java.net.Socket;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Without tokens, a page of somebody else in a browser must not use the server. */
class ServerOriginTest {

  @TempDir static Path folder;
  private static RankingServer server;

  @BeforeAll
  static void begin() throws Exception {
    Path bundle = new FakeBundle(1).write(folder.resolve("compiled"));
    server = FakeServer.start(bundle, "hosts=[ranker.example]");
  }

  @AfterAll
  static void end() {
    server.close();
  }

  /** The change names a version that there is not: 404 is the answer of who may ask. */
  @ParameterizedTest
  @CsvSource({
    // The names of the server.
    "localhost:8080, , 404, 200",
    "127.0.0.1:8080, , 404, 200",
    "[::1]:8080, , 404, 200",
    "192.0.2.7, , 404, 200",
    "RANKER.example:80, , 404, 200",
    // Programs may rank at any name, but not change.
    "evil.example, , 403, 200",
    "localhost.evil.example, , 403, 200",
    "127.0.0.1.evil.example, , 403, 200",
    // Its own pages.
    "localhost:8080, http://localhost:8080, 404, 200",
    "192.0.2.7, https://192.0.2.7, 404, 200",
    "192.0.2.7, https://ranker.example, 404, 200",
    // Those of others.
    "localhost:8080, http://evil.example, 403, 403",
    "localhost:8080, http://localhost:3000, 403, 403",
    "localhost:8080, http://198.51.100.9, 403, 403",
    "localhost:8080, null, 403, 403",
    "evil.example, http://evil.example, 403, 403",
    "evil.example, https://ranker.example, 403, 200",
    // HTTP/1.1 needs a host.
    ", , 400, 400",
    ", http://localhost:8080, 400, 400"
  })
  void aPageIsTakenForWhoseItIs(String host, String origin, int change, int rank) throws Exception {
    assertThat(status("/v1/models/main", host, origin, "{\"version\":\"nix\"}")).isEqualTo(change);
    assertThat(status("/v1/rank", host, origin, FakeShop.json(17, 3, ""))).isEqualTo(rank);
  }

  @Test
  void theMachineHasAName() throws Exception {
    assertThat(status("/v1/models/main", SystemInfo.hostname(), null, "{\"version\":\"nix\"}"))
        .isEqualTo(404);
  }

  private static int status(String path, String host, String origin, String body) throws Exception {
    String request =
        "POST %s HTTP/1.1\r\n%s%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            .formatted(
                path,
                host == null ? "" : "Host: " + host + "\r\n",
                origin == null ? "" : "Origin: " + origin + "\r\n",
                body.length(),
                body);
    try (Socket socket = new Socket("127.0.0.1", server.port())) {
      socket.getOutputStream().write(request.getBytes(UTF_8));
      String first = new String(socket.getInputStream().readNBytes(12), UTF_8);
      return Integer.parseInt(first.substring("HTTP/1.1 ".length()));
    }
  }
}
