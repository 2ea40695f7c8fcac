package com.example.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.tck.KnowledgeEncoderConformance;

class HttpEncoderTest {

  private final WordService service = new WordService();

  @AfterEach
  void stop() {
    service.close();
  }

  /** The rules that every encoder keeps. */
  @Nested
  class Conformance extends KnowledgeEncoderConformance {
    @Override
    protected KnowledgeEncoderFactory<?> factory() {
      return new HttpEncoderFactory();
    }

    @Override
    protected List<String> settings() {
      return List.of("url=" + service.url(), "batchSize=3");
    }
  }

  @Test
  void asksInBatchesAndKeepsTheOrder() {
    HttpEncoder encoder = encoder(0, "secret");

    List<Knowledge> answers = encoder.encode(List.of("a", "b c", "d e f", "\"quoted\" 中文", ""));

    assertThat(encoder.info().dimension()).isEqualTo(3);
    assertThat(encoder.countTokens("one two")).isEqualTo(2);
    assertThat(answers)
        .extracting(Knowledge::vector)
        .containsExactly(
            new float[] {1, 1, 97},
            new float[] {2, 3, 229},
            new float[] {3, 5, 367},
            new float[] {2, 11, 46762},
            new float[] {0, 0, 0});
    assertThat(service.requests)
        .allMatch(request -> request.endsWith(" Bearer secret"))
        .filteredOn(request -> request.startsWith("/encode"))
        .hasSize(3);
  }

  @Test
  void asksAgainWhereThatMayHelp() {
    HttpEncoder encoder = encoder(2, null);
    service.faults.addAll(List.of(503, 429));

    assertThat(encoder.countTokens("one two three")).isEqualTo(3);
    assertThat(service.requests).hasSize(4);
  }

  @Test
  void givesUpAfterTheLastRetry() {
    HttpEncoder encoder = encoder(1, null);
    service.faults.addAll(List.of(500, 502));

    MsrException error = failure(() -> encoder.countTokens("one"));

    assertThat(error.retryable()).isTrue();
    assertThat(error)
        .hasMessageStartingWith("[http/SERVICE_FAILED] " + service.url() + "/count answered with")
        .hasMessageContainingAll("status 502", "run the same command again");
  }

  @Test
  void stopsWaitingForTheNextAttempt() {
    HttpEncoder encoder = encoder(5, null);
    service.faults.add(503);
    encoder.stopWaiting();

    MsrException error = failure(() -> encoder.countTokens("one"));

    assertThat(error).hasMessageContaining("/count was not asked again: stopped");
    assertThat(service.requests).hasSize(2);
  }

  @Test
  void doesNotRepeatWhatWillFailAgain() {
    HttpEncoder encoder = encoder(5, null);
    service.faults.add(401);

    MsrException error = failure(() -> encoder.countTokens("one"));

    assertThat(error.retryable()).isFalse();
    assertThat(error).hasMessageContaining("status 401");
    assertThat(service.requests).hasSize(2);
  }

  @Test
  void saysWhereNoServiceIs() {
    service.close();
    MsrException error = failure(() -> encoder(0, null));
    assertThat(error).hasMessageContainingAll(service.url() + "/info", "gave no answer");
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://a b", "http://:80", "http://[", "https://host:99999"})
  void refusesAnAddressWithoutAHost(String url) {
    HttpEncoderConfig config = new HttpEncoderConfig(url, 2, 5, 0, null);
    MsrException error = failure(() -> new HttpEncoder(config));
    assertThat(error).hasMessageStartingWith("[http/NO_ADDRESS]").hasMessageContaining(url);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no json",
        "[]",
        "{}",
        "{\"vectors\": []}",
        "{\"vectors\": [[1, 2]]}",
        "{\"vectors\": [null]}",
        "{\"vectors\": [[1, 2, 1e99]]}"
      })
  void refusesWrongAnswers(String answer) {
    EncodingService client = new EncodingService(config(0, null));
    service.faults.add(answer.isEmpty() ? " " : answer);

    MsrException error = failure(() -> client.encode(List.of("one"), 3));

    assertThat(error.code()).isEqualTo("http/WRONG_ANSWER");
  }

  @Test
  void refusesLongTextsInPlaceOfCuttingThem() {
    HttpEncoder encoder = encoder(0, null);
    String longText = "word ".repeat(WordService.MAX_TOKENS + 1);

    MsrException error = failure(() -> encoder.encode(List.of("short", longText)));

    assertThat(error.code()).isEqualTo("knowledge/PROMPT_TOO_LONG");
    assertThat(error).hasMessageContainingAll("text 1 of this call has 51 tokens", "at most 50");
  }

  private HttpEncoder encoder(int retries, String token) {
    return new HttpEncoder(config(retries, token));
  }

  private HttpEncoderConfig config(int retries, String token) {
    return new HttpEncoderConfig(service.url(), 2, 5, retries, token);
  }

  private static MsrException failure(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    return catchThrowableOfType(MsrException.class, call);
  }
}
