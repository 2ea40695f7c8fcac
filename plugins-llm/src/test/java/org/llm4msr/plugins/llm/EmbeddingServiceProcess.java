package org.llm4msr.plugins.llm;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;

/** Starts an {@link EmbeddingService}, and talks to it as its operator. */
final class EmbeddingServiceProcess implements AutoCloseable {

  private final Process process;
  private final String root;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  EmbeddingServiceProcess() {
    try {
      process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  EmbeddingService.class.getName())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      root = "http://localhost:" + process.inputReader(UTF_8).readLine();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String url() {
    return root + "/v1";
  }

  void order(String... faults) {
    send(
        HttpRequest.newBuilder(URI.create(root + "/faults"))
            .POST(BodyPublishers.ofString(String.join("\n", faults)))
            .build());
  }

  EmbeddingService.Report report() {
    String seen = send(HttpRequest.newBuilder(URI.create(root + "/seen")).build());
    try {
      return JsonFixture.JSON.readValue(seen, EmbeddingService.Report.class);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<EmbeddingService.Seen> requests() {
    return report().requests();
  }

  private String send(HttpRequest request) {
    try {
      return http.send(request, BodyHandlers.ofString()).body();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
