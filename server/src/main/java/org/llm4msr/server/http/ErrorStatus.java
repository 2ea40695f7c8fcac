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
import org.llm4msr.server.refusal.ErrorKind;
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
    headers.set(Refusals.HEADER, error.code());
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
    return switch (ErrorKind.of(error)) {
      case BAD_REQUEST -> HttpStatus.BAD_REQUEST;
      case NO_TOKEN -> HttpStatus.UNAUTHORIZED;
      case NOT_ALLOWED -> HttpStatus.FORBIDDEN;
      case OTHER_FORM -> HttpStatus.UNSUPPORTED_MEDIA_TYPE;
      case NOT_FOUND -> HttpStatus.NOT_FOUND;
      case CONFLICT -> HttpStatus.CONFLICT;
      case FULL -> HttpStatus.INSUFFICIENT_STORAGE;
      case TOO_LARGE -> HttpStatus.REQUEST_ENTITY_TOO_LARGE;
      case CLIENT_BUSY -> HttpStatus.TOO_MANY_REQUESTS;
      case UNAVAILABLE -> HttpStatus.SERVICE_UNAVAILABLE;
      case CANCELLED -> HttpStatus.CLIENT_CLOSED_REQUEST;
      case TOO_LATE -> HttpStatus.GATEWAY_TIMEOUT;
      case FAULT -> HttpStatus.INTERNAL_SERVER_ERROR;
    };
  }
}
