package org.llm4msr.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.AggregatedHttpResponse;
import io.netty.util.concurrent.ImmediateEventExecutor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

class ErrorStatusTest {

  @ParameterizedTest
  @CsvSource({
    "USER, serve/BAD_REQUEST, 400",
    "DATA, data/BAD_VALUE, 400",
    "USER, serve/NO_TOKEN, 401",
    "USER, serve/NO_MODEL, 404",
    "DATA, data/UNKNOWN_SCENARIO, 404",
    "USER, serve/NO_VECTOR, 404",
    "USER, serve/REJECTED, 409",
    "USER, serve/NOT_READ, 409",
    "USER, serve/NO_ENCODER, 409",
    "USER, serve/OTHER_ENCODER, 409",
    "USER, serve/TOO_LARGE, 413",
    "RESOURCES, serve/CLIENT_BUSY, 429",
    "INTERNAL, internal/FAULT, 500",
    "PLUGIN, plugin/NULL, 500",
    "RESOURCES, serve/BUSY, 503",
    "RESOURCES, serve/NOT_READY, 503",
    "EXTERNAL, bundle/UNREADABLE, 503",
    "RESOURCES, rank/DEADLINE, 504",
    "RESOURCES, serve/KNOWLEDGE_FULL, 507",
  })
  void eachErrorHasItsStatus(ErrorType type, String code, int status) {
    AggregatedHttpResponse answer =
        ErrorStatus.answer(new MsrException(type, code, "What. \"Where\"."))
            .aggregate(ImmediateEventExecutor.INSTANCE)
            .join();

    assertThat(answer.status().code()).isEqualTo(status);
    assertThat(answer.contentUtf8())
        .isEqualTo(
            "{\"code\":\"%s\",\"message\":\"What. \\\"Where\\\".\",\"retryable\":false}"
                .formatted(code));
    assertThat(answer.headers().get("retry-after"))
        .isEqualTo(status == 429 || status == 503 ? "1" : null);
    assertThat(answer.headers().get("www-authenticate")).isEqualTo(status == 401 ? "Bearer" : null);
  }
}
