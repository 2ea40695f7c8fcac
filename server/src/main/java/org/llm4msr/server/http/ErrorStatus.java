package org.llm4msr.server.http;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.json.JsonAnswer;
import org.llm4msr.server.refusal.Refusals;

/** Errors as answers of HTTP. */
final class ErrorStatus {

  /** Seconds after which to ask again. */
  private static final int RETRY_SECONDS = 1;

  private ErrorStatus() {}

  /** Returns the answer for an error. */
  static HttpResponse answer(MsrException error) {
    HttpStatus status = of(error);
    ResponseHeadersBuilder headers =
        ResponseHeaders.builder(status).contentType(MediaType.JSON_UTF_8);
    if (status.equals(HttpStatus.SERVICE_UNAVAILABLE)
        || status.equals(HttpStatus.TOO_MANY_REQUESTS)) {
      headers.setInt(HttpHeaderNames.RETRY_AFTER, RETRY_SECONDS);
    }
    if (status.equals(HttpStatus.UNAUTHORIZED)) {
      headers.set(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
    }
    return HttpResponse.of(headers.build(), HttpData.wrap(JsonAnswer.of(error)));
  }

  private static HttpStatus of(MsrException error) {
    return switch (error.code()) {
      case Refusals.BUSY, Refusals.NOT_READY -> HttpStatus.SERVICE_UNAVAILABLE;
      case Refusals.CLIENT_BUSY -> HttpStatus.TOO_MANY_REQUESTS;
      case Refusals.TOO_LARGE -> HttpStatus.REQUEST_ENTITY_TOO_LARGE;
      case Refusals.NO_MODEL, Refusals.NO_SCENARIO -> HttpStatus.NOT_FOUND;
      case Refusals.NO_TOKEN -> HttpStatus.UNAUTHORIZED;
      case Refusals.DEADLINE -> HttpStatus.GATEWAY_TIMEOUT;
      default ->
          switch (error.type()) {
            case USER, DATA -> HttpStatus.BAD_REQUEST;
            case EXTERNAL, RESOURCES -> HttpStatus.SERVICE_UNAVAILABLE;
            case PLUGIN, INTERNAL -> HttpStatus.INTERNAL_SERVER_ERROR;
          };
    };
  }
}
