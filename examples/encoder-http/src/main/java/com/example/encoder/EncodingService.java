package com.example.encoder;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.toolkit.hub.Backoff;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A client of the HTTP service: repeats requests if that may help, and checks answers. */
final class EncodingService {

  private static final Logger LOG = LoggerFactory.getLogger(EncodingService.class);

  private static final int LARGEST_PORT = 65535;
  private static final JsonMapper JSON =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(10))
          .build();
  private final HttpEncoderConfig config;
  private final CountDownLatch stopped = new CountDownLatch(1);

  EncodingService(HttpEncoderConfig config) {
    this.config = config;
  }

  private record Info(
      @Nullable String model,
      @Nullable String revision,
      @Nullable String checksum,
      @Nullable String state,
      int dimension,
      int maxTokens) {}

  private record Counts(int @Nullable [] tokens) {}

  private record Vectors(float[] @Nullable [] vectors) {}

  EncoderInfo info() {
    Info info = ask("/info", null, Info.class);
    if (info.model() == null
        || info.revision() == null
        || info.checksum() == null
        || info.state() == null
        || info.dimension() < 1
        || info.maxTokens() < 1) {
      throw wrong("/info", "lacks model, revision, checksum, state, dimension or maxTokens");
    }
    return new EncoderInfo(
        info.model(),
        info.revision(),
        info.checksum(),
        info.state(),
        info.dimension(),
        info.maxTokens(),
        true);
  }

  /** Returns the number of tokens of each text. */
  int[] count(List<String> texts) {
    int[] tokens = ask("/count", texts, Counts.class).tokens();
    if (tokens == null || tokens.length != texts.size()) {
      throw wrong("/count", "has not one number for each of " + texts.size() + " texts");
    }
    return tokens;
  }

  /** Returns the vector of each text: (texts, dimension). */
  float[][] encode(List<String> texts, int dimension) {
    float[][] vectors = ask("/encode", texts, Vectors.class).vectors();
    if (vectors == null || vectors.length != texts.size()) {
      throw wrong("/encode", "has not one vector for each of " + texts.size() + " texts");
    }
    for (float[] vector : vectors) {
      if (vector == null || vector.length != dimension) {
        throw wrong("/encode", "has a vector that is not of " + dimension + " numbers");
      }
      for (float value : vector) {
        if (!Float.isFinite(value)) {
          throw wrong("/encode", "has a number that is not finite: " + value);
        }
      }
    }
    return vectors;
  }

  private <T> T ask(String path, @Nullable List<String> texts, Class<T> type) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address(path)).timeout(Duration.ofSeconds(config.timeoutSeconds()));
    if (config.token() != null) {
      request.header("Authorization", "Bearer " + config.token());
    }
    if (texts != null) {
      request.header("Content-Type", "application/json").POST(BodyPublishers.ofString(json(texts)));
    }
    String body = send(path, request.build());
    try {
      T answer = JSON.readValue(body, type);
      if (answer == null) {
        throw wrong(path, "is empty");
      }
      return answer;
    } catch (JsonProcessingException e) {
      throw wrong(path, "is not the JSON that was expected: " + e.getOriginalMessage());
    }
  }

  private static String json(List<String> texts) {
    try {
      return JSON.writeValueAsString(Map.of("texts", texts));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("texts are JSON", e);
    }
  }

  private URI address(String path) {
    URI address = null;
    try {
      address = new URI(config.url() + path);
    } catch (URISyntaxException e) {
      // Refused below.
    }
    if (address == null || address.getHost() == null || address.getPort() > LARGEST_PORT) {
      throw new MsrException(
          ErrorType.USER,
          "http/NO_ADDRESS",
          "knowledge.encoder.url is '%s', which names no host. Write it as http://host:port."
              .formatted(config.url()));
    }
    return address;
  }

  private String send(String path, HttpRequest request) {
    Backoff backoff = new Backoff(config.retries());
    while (true) {
      MsrException failure;
      String retryAfter = null;
      try {
        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
        int status = response.statusCode();
        if (status == 200) {
          return response.body();
        }
        boolean passing = status == 429 || status >= 500;
        failure = failure(path, "answered with status " + status, null, passing);
        retryAfter = response.headers().firstValue("Retry-After").orElse(null);
      } catch (IOException e) {
        failure = failure(path, "gave no answer (" + e + ")", e, true);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw failure(path, "was not waited for: interrupted", e, true);
      }
      if (!failure.retryable() || !backoff.again(retryAfter)) {
        throw failure;
      }
      LOG.atLevel(backoff.level())
          .log("{} Retrying in {} s.", failure.text(), backoff.pause().toMillis() / 1000.0);
      pause(path, backoff.pause());
    }
  }

  /** Makes current and later pauses end with an error. */
  void stopWaiting() {
    stopped.countDown();
  }

  private void pause(String path, Duration time) {
    try {
      if (stopped.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
        throw failure(path, "was not asked again: stopped", null, true);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure(path, "was not asked again: interrupted", e, true);
    }
  }

  private MsrException failure(
      String path, String problem, @Nullable Throwable cause, boolean retryable) {
    return new MsrException(
        ErrorType.EXTERNAL,
        "http/SERVICE_FAILED",
        config.url()
            + path
            + " "
            + problem
            + ". Check knowledge.encoder.url, .token and the log of the service; then run the"
            + " same command again: it resumes where it stopped.",
        cause,
        retryable);
  }

  private MsrException wrong(String path, String problem) {
    return new MsrException(
        ErrorType.EXTERNAL,
        "http/WRONG_ANSWER",
        "The answer of %s%s %s. Is knowledge.encoder.url that of a service of this protocol?"
            .formatted(config.url(), path, problem));
  }
}
