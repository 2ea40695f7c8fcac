package org.llm4msr.benchmarks.ranking;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.llm4msr.serving.ranker.RankRequest;

/** JSON over HTTP/1.1. */
final class HttpRankClient implements RankClient {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final WebClient client;
  private final List<byte[]> bodies;

  HttpRankClient(int port, List<RankRequest> requests) {
    client =
        WebClient.builder("h1c://127.0.0.1:" + port)
            .responseTimeout(Duration.ofSeconds(10))
            .build();
    bodies = requests.stream().map(HttpRankClient::body).toList();
  }

  private static byte[] body(RankRequest request) {
    try {
      return JSON.writeValueAsBytes(
          Map.of(
              "user", String.valueOf(request.user()),
              "scenario", request.scenario(),
              "context", request.context(),
              "items",
                  request.items().stream()
                      .map(item -> Map.of("id", String.valueOf(item.id())))
                      .toList()));
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String name() {
    return "JSON";
  }

  @Override
  public CompletableFuture<Boolean> send(int number, Duration deadline) {
    RequestHeaders headers =
        RequestHeaders.builder(HttpMethod.POST, "/v1/rank")
            .contentType(MediaType.JSON)
            .set("x-timeout-millis", Long.toString(deadline.toMillis()))
            .build();
    return client
        .execute(HttpRequest.of(headers, HttpData.wrap(bodies.get(number))))
        .aggregate()
        .thenApply(answer -> answer.status().equals(HttpStatus.OK))
        .exceptionally(error -> false);
  }
}
