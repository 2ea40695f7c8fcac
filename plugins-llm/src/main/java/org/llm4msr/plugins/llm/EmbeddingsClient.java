package org.llm4msr.plugins.llm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.toolkit.hub.Backoff;
import org.llm4msr.toolkit.hub.EnvironmentProxies;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the request {@code POST /embeddings} of OpenAI's protocol, repeats it where that may help,
 * and checks the answers. Safe for several threads.
 *
 * @see <a href="https://platform.openai.com/docs/api-reference/embeddings">the protocol</a>
 */
final class EmbeddingsClient {

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddingsClient.class);

  /** Python writes NaN and Infinity. */
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private static final int LARGEST_PORT = 65535;
  private static final int SHOWN = 300;

  /** About eight seconds. */
  private static final int FIRST_RETRIES = 5;

  private final OpenAiConfig config;
  private final @Nullable String key;
  private final URI address;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(10))
          .proxy(EnvironmentProxies.of(System::getenv))
          .build();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final AtomicInteger repeated = new AtomicInteger();
  private final AtomicReference<@Nullable String> answering = new AtomicReference<>();

  /**
   * The answer of the service.
   *
   * @param model the model that it says it used
   * @param vectors one per text, in the same order
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Embeddings(String model, float[][] vectors) {}

  private record Answer(@Nullable String model, @Nullable List<@Nullable Item> data) {}

  private record Item(@Nullable Integer index, @Nullable List<@Nullable Double> embedding) {}

  /**
   * Makes a client; sends nothing yet.
   *
   * @param environment variables by name
   */
  EmbeddingsClient(OpenAiConfig config, UnaryOperator<String> environment) {
    this.config = config;
    this.key = key(config.keyVariable(), environment);
    this.address = address(config.url() + "/embeddings");
  }

  /** Returns vectors of K numbers. */
  float[][] embed(List<String> texts, int dimension) {
    return embed(texts, dimension, config.retries()).vectors();
  }

  /** Returns the first answer of the service; one that is not there is told soon. */
  Embeddings first(String text) {
    return embed(List.of(text), null, Math.min(config.retries(), FIRST_RETRIES));
  }

  /** Requests the vectors of texts, and repeats the request if it may yet succeed. */
  private Embeddings embed(List<String> texts, @Nullable Integer dimension, int retries) {
    Backoff backoff = new Backoff(retries);
    while (true) {
      Failure failure;
      try {
        HttpResponse<String> response = ask(texts);
        if (response.statusCode() == 200) {
          return read(response.body(), texts.size(), dimension);
        }
        failure = failure(response);
      } catch (MsrException e) {
        failure = new Failure(e, null);
      } catch (TimeoutException e) {
        failure = failure("gave no complete answer in %d s".formatted(config.timeoutSeconds()), e);
      } catch (IOException e) {
        failure = failure("gave no answer (" + e + ")", e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw interrupted(e);
      }
      if (!failure.error().retryable() || !backoff.again(failure.retryAfter())) {
        throw failure.error();
      }
      repeated.incrementAndGet();
      LOG.atLevel(backoff.level())
          .log("Retrying in {} s: {}", backoff.pause().toMillis() / 1000.0, failure.error().text());
      pause(backoff.pause());
    }
  }

  MsrException interrupted(@Nullable InterruptedException cause) {
    return new MsrException(
        ErrorType.EXTERNAL,
        "knowledge/INTERRUPTED",
        "waiting for %s was interrupted. Run it again; what is stored is kept.".formatted(address),
        cause,
        true);
  }

  /** A failure, and the pause that the service asks for. */
  private record Failure(MsrException error, @Nullable String retryAfter) {}

  /** Sends a request. The time limit holds for the whole answer, not only its head. */
  private HttpResponse<String> ask(List<String> texts)
      throws IOException, InterruptedException, TimeoutException {
    CompletableFuture<HttpResponse<String>> answer =
        http.sendAsync(request(texts), BodyHandlers.ofString());
    try {
      return answer.get(config.timeoutSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failed) {
        throw failed;
      }
      throw new IOException(e.getCause());
    } finally {
      answer.cancel(true);
    }
  }

  private HttpRequest request(List<String> texts) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("model", config.model());
    body.put("input", texts);
    body.put("encoding_format", "float");
    if (config.dimensions() != null) {
      body.put("dimensions", config.dimensions());
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json(body)));
    if (key != null) {
      request.header("Authorization", "Bearer " + key);
    }
    return request.build();
  }

  private static String json(Map<String, Object> body) {
    try {
      return JSON.writeValueAsString(body);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("texts and numbers are JSON", e);
    }
  }

  private Embeddings read(String body, int texts, @Nullable Integer dimension) {
    Answer answer;
    try {
      answer = JSON.readValue(body, Answer.class);
    } catch (JsonProcessingException e) {
      // Services and proxies cut off their answers when they are stopped.
      throw wrong("it is not the JSON that was expected: " + e.getOriginalMessage(), true);
    }
    if (answer == null || answer.data() == null || answer.data().size() != texts) {
      throw wrong("it has not one vector for each of %d texts".formatted(texts), false);
    }
    float[][] vectors = new float[texts][];
    for (int i = 0; i < texts; i++) {
      Item item = answer.data().get(i);
      int index = item == null || item.index() == null ? i : item.index();
      if (item == null || item.embedding() == null || item.embedding().isEmpty()) {
        throw wrong("data[%d] has no embedding".formatted(i), false);
      }
      if (index < 0 || index >= texts || vectors[index] != null) {
        throw wrong("data[%d] has index %d".formatted(i, index), false);
      }
      vectors[index] = finite(item.embedding(), i);
      if (dimension != null && vectors[index].length != dimension) {
        throw wrong(
            "data[%d] has %d numbers, others have %d"
                .formatted(i, vectors[index].length, dimension),
            true);
      }
    }
    if (config.dimensions() != null && vectors[0].length != config.dimensions()) {
      throw wrong(
          "a vector has %d numbers, .dimensions is %d"
              .formatted(vectors[0].length, config.dimensions()),
          false);
    }
    return new Embeddings(sameModel(answer.model()), vectors);
  }

  private float[] finite(List<@Nullable Double> numbers, int index) {
    float[] vector = new float[numbers.size()];
    for (int k = 0; k < vector.length; k++) {
      Double number = numbers.get(k);
      if (number == null) {
        throw wrong("it is not the JSON that was expected: a number is null", true);
      }
      vector[k] = number.floatValue();
      if (!Float.isFinite(vector[k])) {
        throw wrong("data[%d] holds %s".formatted(index, vector[k]), true);
      }
    }
    return vector;
  }

  /** Vectors of two models must not meet in one store. Some services name none. */
  private String sameModel(@Nullable String model) {
    if (model == null) {
      return config.model();
    }
    String before = answering.compareAndExchange(null, model);
    if (before != null && !before.equals(model)) {
      throw wrong(
          "it is from the model %s, those before were from %s".formatted(model, before), false);
    }
    return model;
  }

  /** Returns how many requests were sent again. */
  int repeated() {
    return repeated.get();
  }

  /** Makes current and later pauses end with an error. */
  void stopWaiting() {
    stopped.countDown();
  }

  private void pause(Duration time) {
    try {
      if (stopped.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
        throw interrupted(null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted(e);
    }
  }

  private Failure failure(HttpResponse<String> response) {
    int status = response.statusCode();
    boolean passing = status == 408 || status == 429 || status >= 500;
    String retryAfter = response.headers().firstValue("Retry-After").orElse(null);
    Duration asked = Backoff.requestedPause(retryAfter);
    String way =
        passing && asked.compareTo(Backoff.PATIENCE) > 0
            ? "It asks for a pause of %,d minutes: run the same command again then; it resumes where it stopped."
                .formatted(asked.plusSeconds(59).toMinutes())
            : wayOut(status);
    MsrException error =
        new MsrException(
            ErrorType.EXTERNAL,
            "openai/SERVICE_FAILED",
            "%s answered with status %d: %s. %s"
                .formatted(address, status, shown(response.body()), way),
            null,
            passing);
    return new Failure(error, retryAfter);
  }

  private String wayOut(int status) {
    return switch (status) {
      case 401, 403 ->
          "Check the key: knowledge.encoder.keyVariable names the environment variable that holds it.";
      case 404 -> "Check knowledge.encoder.url, which usually ends in /v1, and .model.";
      case 400, 413, 422 ->
          "Check knowledge.encoder.model and .dimensions, and that the model reads .maxTokens (%d) tokens and .batchSize (%d) texts."
              .formatted(config.maxTokens(), config.batchSize());
      case 429 ->
          "Lower knowledge.encoder.concurrency (%d), or wait; then run the same command again: it resumes where it stopped."
              .formatted(config.concurrency());
      default ->
          "Check the log of the service; then run the same command again: it resumes where"
              + " it stopped.";
    };
  }

  private Failure failure(String problem, Exception cause) {
    return new Failure(
        new MsrException(
            ErrorType.EXTERNAL,
            "openai/SERVICE_FAILED",
            "%s %s. Check knowledge.encoder.url and that the service runs; then run the same command again: it resumes where it stopped."
                .formatted(address, problem),
            cause,
            true),
        null);
  }

  private MsrException wrong(String problem, boolean passing) {
    return new MsrException(
        ErrorType.EXTERNAL,
        "openai/WRONG_ANSWER",
        "an answer of %s cannot be used: %s. Model %s. Check that the service is one for embeddings."
            .formatted(address, shown(problem), config.model()),
        null,
        passing);
  }

  /** Returns the start of a text in one line, without the API key, which some services repeat. */
  private String shown(String text) {
    String line = text.strip().replaceAll("\\s+", " ");
    String safe = key == null ? line : line.replace(key, "***");
    return safe.isEmpty()
        ? "(nothing)"
        : safe.length() <= SHOWN ? safe : safe.substring(0, SHOWN) + "...";
  }

  private static @Nullable String key(
      @Nullable String variable, UnaryOperator<String> environment) {
    if (variable == null) {
      return null;
    }
    String key = environment.apply(variable);
    if (key == null || key.isBlank()) {
      throw new MsrException(
          ErrorType.USER,
          "openai/NO_KEY",
          "the environment variable %s, which knowledge.encoder.keyVariable names, is not set. Set it to the key of the service."
              .formatted(variable));
    }
    if (!key.strip().matches("[\\x21-\\x7e]+")) {
      throw new MsrException(
          ErrorType.USER,
          "openai/NO_KEY",
          "the environment variable %s, which knowledge.encoder.keyVariable names, holds characters that no key has. Set it to the key only."
              .formatted(variable));
    }
    return key.strip();
  }

  private static URI address(String text) {
    URI address = null;
    try {
      address = new URI(text);
    } catch (URISyntaxException e) {
      // Refused below.
    }
    if (address == null || address.getHost() == null || address.getPort() > LARGEST_PORT) {
      throw new MsrException(
          ErrorType.USER,
          "openai/NO_ADDRESS",
          "knowledge.encoder.url makes the address '%s', which names no host. Write it as http://host:port/v1."
              .formatted(text));
    }
    return address;
  }
}
