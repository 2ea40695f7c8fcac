package org.llm4msr.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.server.config.ServerConfig;

/** Servers of fake models, and what tests ask them. */
final class FakeServer {

  static final ObjectMapper JSON = new ObjectMapper();

  private static final String TYPE = "Content-Type";
  private static final String JSON_TYPE = "application/json";

  /**
   * Of version 1.1: of a long answer to the upgrade to version 2, the JDK loses bytes after 16 KB.
   */
  static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private FakeServer() {}

  /** Starts a server with a bundle as the model {@code main}; the caller closes it. */
  static RankingServer start(Path bundle, String... settings) {
    return start(FakeModel::open, with("models.main.bundle=" + bundle, settings));
  }

  /** Starts a server with settings alone, whose models an opener opens. */
  static RankingServer start(RankingServer.ModelOpener opener, String... settings) {
    return start(() -> 0, opener, settings);
  }

  /** Starts a server that measures with a ticker. */
  static RankingServer start(
      LongSupplier ticker, RankingServer.ModelOpener opener, String... settings) {
    ConfigLoader loader = ConfigLoader.standard(PluginRegistry.load());
    List<String> all =
        new ArrayList<>(
            List.of("port=0", "threads=2", "warmUpSeconds=0", "drainSeconds=0", "reloadSeconds=0"));
    all.addAll(Arrays.asList(settings));
    return RankingServer.start(
        loader.bind(ServerConfig.class, all, "the test"), loader, opener, ticker);
  }

  static String[] with(String first, String... more) {
    List<String> all = new ArrayList<>(List.of(first));
    all.addAll(Arrays.asList(more));
    return all.toArray(String[]::new);
  }

  static URI at(RankingServer server, String path) {
    return URI.create("http://127.0.0.1:%d%s".formatted(server.port(), path));
  }

  /** Sends a request; an empty body is none, and others are JSON unless a header says else. */
  static HttpResponse<String> call(
      RankingServer server, String method, String path, String body, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(at(server, path))
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .header(TYPE, JSON_TYPE);
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    return CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  /** Sends a request, by a version of HTTP, to a server that may have ended. */
  static CompletableFuture<HttpResponse<String>> send(
      int port, HttpClient.Version version, String method, String path, String body) {
    return CLIENT.sendAsync(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d%s".formatted(port, path)))
            .version(version)
            .header(TYPE, JSON_TYPE)
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  static HttpResponse<String> post(RankingServer to, String body, String... headers)
      throws Exception {
    return call(to, "POST", "/v1/rank", body, headers);
  }

  static String get(RankingServer from, String path) throws Exception {
    return call(from, "GET", path, "").body();
  }

  /** Returns the probabilities by the places of items of a request that must be answered. */
  static float[] rank(RankingServer server, String body) throws Exception {
    HttpResponse<String> answer = post(server, body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    JsonNode items = JSON.readTree(answer.body()).get("items");
    float[] probabilities = new float[items.size()];
    for (JsonNode item : items) {
      assertThat(item.has("probability")).as(item.toString()).isTrue();
      probabilities[item.get("place").asInt()] = (float) item.get("probability").asDouble();
    }
    return probabilities;
  }

  /** Returns a line of the metrics, without its name and labels; 0 where it is not there. */
  static double metric(RankingServer server, String name) throws Exception {
    return get(server, "/metrics")
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .sum();
  }

  static void assertRefused(HttpResponse<String> answer, int status, String code)
      throws IOException {
    assertThat(answer.body()).contains('"' + code + '"');
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(JSON.readTree(answer.body()).get("message").asText()).isNotBlank();
  }
}
