package org.llm4msr.plugins.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.tck.KnowledgeEncoderConformance;
import org.slf4j.LoggerFactory;

/** The client against a service of its own process, whole and with faults. */
class OpenAiEncoderTest {

  private static final String KEY = "sk-0123456789abcdef";

  private static EmbeddingServiceProcess service;

  @TempDir Path folder;
  private OpenAiEncoder encoder;

  @BeforeAll
  static void start() {
    service = new EmbeddingServiceProcess();
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  @AfterEach
  void close() {
    if (encoder != null) {
      encoder.close();
    }
  }

  /** The rules that every encoder keeps. */
  @Nested
  class Conformance extends KnowledgeEncoderConformance {
    @Override
    protected KnowledgeEncoderFactory<?> factory() {
      return new OpenAiFactory();
    }

    @Override
    protected List<String> settings() {
      return List.of(
          "url=" + service.url(),
          "model=tiny",
          "dimensions=" + EmbeddingService.DIMENSION,
          "batchSize=3",
          "maxTokens=200");
    }
  }

  @Test
  void asksInBatchesAndKeepsTheOrder() {
    encoder = open(0, 1, 3);
    int before = service.requests().size();
    List<String> texts =
        IntStream.range(0, 64).mapToObj(i -> "text " + (i * 37) % 64 + " 中\"文\n").toList();

    assertThat(encoder.encode(texts))
        .extracting(Knowledge::vector)
        .containsExactlyElementsOf(texts.stream().map(EmbeddingService::vector).toList());

    List<EmbeddingService.Seen> requests = service.requests();
    assertThat(requests.subList(before, requests.size()))
        .hasSize(22)
        .allMatch(request -> request.path().equals("/v1/embeddings"))
        .allMatch(request -> request.model().equals("tiny"))
        .allMatch(request -> request.authorization().equals("Bearer " + KEY))
        .extracting(EmbeddingService.Seen::texts)
        .allMatch(count -> count <= 3);
  }

  @Test
  void hasNoMoreRequestsUnderWayThanAllowed() {
    try (EmbeddingServiceProcess own = new EmbeddingServiceProcess()) {
      encoder = open(config(own.url(), 0, EmbeddingService.MEET, 2, 60), KEY);
      own.order(Collections.nCopies(30, "meet").toArray(String[]::new));
      encoder.encode(IntStream.range(0, 60).mapToObj(i -> "text " + i).toList());
      assertThat(own.report().mostAtOnce()).isEqualTo(EmbeddingService.MEET);
      assertThat(own.requests()).hasSize(31);
    }
  }

  @Test
  void saysWhatTheServiceIs() {
    encoder = open(0, 1, 3);
    assertThat(encoder.info().model()).isEqualTo("tiny");
    assertThat(encoder.info().revision()).isEqualTo("tiny-0001");
    assertThat(encoder.info().dimension()).isEqualTo(EmbeddingService.DIMENSION);
    assertThat(encoder.info().toString()).doesNotContain("localhost", KEY);
  }

  @Test
  void countsWithoutAskingTheService() {
    int before = service.requests().size();
    OpenAiConfig config =
        new OpenAiConfig(service.url(), "tiny", null, null, 40, null, 3, 1, 5, 0, null);

    try (KnowledgeEncoder counter = OpenAiEncoder.counter(config, folder)) {
      assertThat(counter.countTokens("a 中文")).isEqualTo(2 + 6 + 2);
      assertThat(counter.info())
          .isEqualTo(new EncoderInfo("tiny", "", "", "as the service returns it", 0, 40, true));
    }

    assertThat(service.requests()).hasSize(before);
  }

  @Test
  void countsTokensByTheModelsTokenizerOrBytes() throws IOException {
    encoder = open(0, 1, 3);
    assertThat(encoder.countTokens("a 中文")).isEqualTo(2 + 6 + 2);
    try (InputStream tokenizer =
        getClass().getResourceAsStream("/all-minilm-l6-v2-q-tokenizer.json")) {
      Files.copy(tokenizer, folder.resolve("tokenizer.json"));
    }
    OpenAiConfig config =
        new OpenAiConfig(
            service.url(), "tiny", "r1", null, 40, folder.toString(), 3, 1, 5, 0, null);
    try (OpenAiEncoder exact = OpenAiEncoder.open(config, folder, name -> null)) {
      for (EncoderFixture text : EncoderFixture.of("all-minilm-l6-v2-q")) {
        assertThat(exact.countTokens(text.text())).isEqualTo(text.tokens());
      }
      assertThat(exact.info().revision()).isEqualTo("r1");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "status 500",
        "status 502",
        "status 503",
        "status 429",
        "status 408",
        "reset",
        "cut-body",
        "cut-json",
        "silent",
        "stall",
        "send 200 {\"data\": [{\"index\": 0, \"embedding\": [1, 2, 3, 4, 5, null]}]}",
        "send 200 {\"data\": [{\"index\": 0, \"embedding\": [1, 2, 3, 4, 5, NaN]}]}",
        "send 200 {\"data\": [{\"index\": 0, \"embedding\": [1, 2, 3]}]}"
      })
  void asksAgainAfterWhatMayPassAndSaysSo(String fault) {
    encoder = open(2, 1, 8, 1);
    int before = service.requests().size();
    service.order(fault);

    assertThat(encoder.encode(List.of("one")).get(0).vector())
        .isEqualTo(EmbeddingService.vector("one"));
    assertThat(service.requests()).hasSize(before + 2);
    assertThat(warnings(encoder::close))
        .containsExactly(
            "Requests to tiny that were sent again, as there was no usable answer: 1. All were"
                + " answered unless an error says otherwise.");
  }

  /** The pause is told just before it begins, and ended. */
  @Test
  void waitsAsLongAsTheServiceAsks() {
    encoder = open(1, 1, 8);
    int before = service.requests().size();
    service.order("retry-after 500");
    List<String> told = new ArrayList<>();
    AppenderBase<ILoggingEvent> stopping =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            told.add(event.getFormattedMessage());
            encoder.stopWaiting();
          }
        };
    stopping.start();
    Logger logger = (Logger) LoggerFactory.getLogger(EmbeddingsClient.class);
    logger.addAppender(stopping);
    try {
      assertThat(failure(() -> encoder.encode(List.of("one"))))
          .hasMessageContaining("was interrupted");
    } finally {
      logger.detachAppender(stopping);
    }

    assertThat(told).singleElement().asString().startsWith("Retrying in 500.0 s: ");
    assertThat(service.requests()).hasSize(before + 1);
  }

  @Test
  void givesUpWaitingWhereItIsAskedTo() {
    encoder = open(1, 1, 8);
    service.order("retry-after 500");
    encoder.stopWaiting();

    MsrException error = failure(() -> encoder.encode(List.of("one")));

    assertThat(error).hasMessageContaining("was interrupted");
  }

  @Test
  void givesUpAtOnceWhereTheServiceAsksForHours() {
    encoder = open(5, 1, 8);
    int before = service.requests().size();
    service.order("retry-after 7200");

    MsrException error = failure(() -> encoder.encode(List.of("one")));

    assertThat(error.retryable()).isTrue();
    assertThat(error).hasMessageContaining("asks for a pause of 120 minutes");
    assertThat(service.requests()).hasSize(before + 1);
  }

  @Test
  void givesUpAfterTheLastRetry() {
    encoder = open(1, 1, 8);
    service.order("status 500", "reset");

    MsrException error = failure(() -> encoder.encode(List.of("one")));

    assertThat(error.retryable()).isTrue();
    assertThat(error)
        .hasMessageStartingWith(
            "[openai/SERVICE_FAILED] " + service.url() + "/embeddings gave no answer")
        .hasMessageContaining("run the same command again");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "status 400: Check knowledge.encoder.model and .dimensions, and that the model reads"
            + " .maxTokens (300)",
        "status 404: Check knowledge.encoder.url",
        "status 401: keyVariable"
      })
  void doesNotRepeatWhatWillFailAgain(String faultAndAdvice) {
    encoder = open(5, 1, 8);
    int before = service.requests().size();
    String[] parts = faultAndAdvice.split(": ", 2);
    service.order(parts[0]);

    MsrException error = failure(() -> encoder.encode(List.of("one")));

    assertThat(error.retryable()).isFalse();
    assertThat(error).hasMessageContainingAll(parts[0], "\"ordered\"", parts[1]);
    assertThat(service.requests()).hasSize(before + 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "{}",
        "{\"data\": []}",
        "{\"data\": [null]}",
        "{\"data\": [{\"index\": 0, \"embedding\": []}]}",
        "{\"data\": [{\"index\": 1, \"embedding\": [1, 2, 3, 4, 5, 6]}]}",
        "{\"data\": [{\"index\": 0, \"embedding\": [1, 2, 3]}]}",
        "{\"data\": [{\"index\": 0, \"embedding\": \"AAAA\"}]}",
        "{\"data\": [{\"index\": 0, \"embedding\": [1, 2, 3, 4, 5, 1e99]}]}",
        "{\"data\": [{\"index\": 0, \"embedding\": [1, 2, 3, 4, 5, null]}]}",
        "{\"model\": \"another\", \"data\": [{\"index\": 0, \"embedding\": [1, 2, 3, 4, 5, 6]}]}",
        "<html>Sign in</html>"
      })
  void refusesWrongAnswers(String answer) {
    encoder = open(0, 1, 8);
    service.order("send 200 " + answer);

    MsrException error = failure(() -> encoder.encode(List.of("one")));

    assertThat(error.code()).isEqualTo("openai/WRONG_ANSWER");
    assertThat(error).hasMessageContainingAll(service.url(), "Model tiny");
  }

  @Test
  void namesTheDimensionsThatDiffer() {
    encoder = open(0, 1, 8);
    service.order("send 200 {\"data\": [{\"index\": 0, \"embedding\": [1, 2, 3]}]}");
    assertThat(failure(() -> encoder.encode(List.of("one"))))
        .hasMessageContaining("data[0] has 3 numbers, others have 6");
  }

  @Test
  void aServiceThatDiesIsAnErrorThatMayPass() {
    try (EmbeddingServiceProcess dying = new EmbeddingServiceProcess()) {
      encoder = open(config(dying.url(), 1, 2, 4, 5), KEY);
      dying.order("die");
      MsrException error =
          failure(() -> encoder.encode(IntStream.range(0, 30).mapToObj(i -> "t" + i).toList()));
      assertThat(error.code()).isEqualTo("openai/SERVICE_FAILED");
      assertThat(error.retryable()).isTrue();
    }
  }

  private static List<String> warnings(Runnable work) {
    Logger logger = (Logger) LoggerFactory.getLogger(OpenAiEncoder.class);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    logger.addAppender(log);
    try {
      work.run();
    } finally {
      logger.detachAppender(log);
    }
    return log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  void theKeyIsInNoLogAndNoMessage() {
    Logger logger = (Logger) LoggerFactory.getLogger("org.llm4msr");
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    logger.setLevel(Level.INFO);
    logger.addAppender(log);
    try {
      encoder = open(1, 1, 8);
      service.order("status 503", "echo-key " + KEY);
      MsrException error = failure(() -> encoder.encode(List.of("one")));
      assertThat(error).hasMessageContaining("wrong key ***");
      assertThat(log.list)
          .isNotEmpty()
          .noneMatch(event -> event.getFormattedMessage().contains(KEY));
    } finally {
      logger.detachAppender(log);
      logger.setLevel(null);
    }
  }

  @Test
  void refusesAKeyThatIsNotSet() {
    OpenAiConfig config = config(service.url(), 0, 1, 8, 5);
    assertThat(failure(() -> OpenAiEncoder.open(config, folder, name -> null)))
        .hasMessageContaining("[openai/NO_KEY] the environment variable SERVICE_KEY");
    MsrException broken = failure(() -> open(config, "two\nlines"));
    assertThat(broken.code()).isEqualTo("openai/NO_KEY");
    assertThat(broken.getMessage()).doesNotContain("two");
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://a b", "http://:80", "http://[", "https://host:99999"})
  void refusesAnAddressWithoutAHost(String url) {
    assertThat(failure(() -> open(config(url, 0, 1, 1, 5), KEY)))
        .hasMessageStartingWith("[openai/NO_ADDRESS]")
        .hasMessageContaining(url);
  }

  private OpenAiEncoder open(int retries, int concurrency, int batchSize) {
    return open(retries, concurrency, batchSize, 60);
  }

  private OpenAiEncoder open(int retries, int concurrency, int batchSize, int seconds) {
    return open(config(service.url(), retries, concurrency, batchSize, seconds), KEY);
  }

  private OpenAiEncoder open(OpenAiConfig config, String key) {
    return OpenAiEncoder.open(config, folder, Map.of("SERVICE_KEY", key)::get);
  }

  private static OpenAiConfig config(
      String url, int retries, int concurrency, int batchSize, int seconds) {
    return new OpenAiConfig(
        url,
        "tiny",
        null,
        null,
        300,
        null,
        batchSize,
        concurrency,
        seconds,
        retries,
        "SERVICE_KEY");
  }

  private static MsrException failure(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    return catchThrowableOfType(MsrException.class, call);
  }
}
