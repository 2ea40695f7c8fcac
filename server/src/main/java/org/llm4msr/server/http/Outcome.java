package org.llm4msr.server.http;

import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.logging.RequestLog;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;
import org.llm4msr.server.refusal.Refusals;

/**
 * What became of a request.
 *
 * @param protocol {@code http}, {@code grpc} or {@code flight}
 * @param status of HTTP, or the name of the one of gRPC; {@code -} if no answer was begun
 * @param code of the error; null if there was none
 */
record Outcome(String protocol, String status, @Nullable String code) {

  private static final String HTTP = "http";
  private static final String GRPC_STATUS = "grpc-status";

  /** Returns what became of a request that has ended. */
  static Outcome of(RequestLog log) {
    String protocol = protocol(log.context().path());
    String code = sent(log, Refusals.HEADER);
    HttpStatus http = log.responseStatus();
    if (http.equals(HttpStatus.UNKNOWN)) {
      return new Outcome(protocol, "-", code == null ? Refusals.CANCELLED : code);
    }
    if (!http.equals(HttpStatus.OK) || protocol.equals(HTTP)) {
      String unnamed = http.isError() ? ofStatus(http) : null;
      return new Outcome(protocol, http.codeAsText(), code == null ? unnamed : code);
    }
    String number = sent(log, GRPC_STATUS);
    if (number == null) { // The client has left.
      return new Outcome(protocol, Status.Code.CANCELLED.name(), Refusals.CANCELLED);
    }
    Status.Code status = Status.fromCodeValue(Integer.parseInt(number)).getCode();
    return new Outcome(protocol, status.name(), code == null ? ofStatus(status) : code);
  }

  /** Returns the code of an answer that no part of the server has made. */
  static String ofStatus(HttpStatus status) {
    return "serve/HTTP_" + status.code();
  }

  private static @Nullable String ofStatus(Status.Code status) {
    return switch (status) {
      case OK -> null;
      case CANCELLED -> Refusals.CANCELLED;
      case DEADLINE_EXCEEDED -> Refusals.DEADLINE;
      case RESOURCE_EXHAUSTED -> Refusals.TOO_LARGE;
      case INVALID_ARGUMENT -> Refusals.BAD_REQUEST;
      default -> "serve/GRPC_" + status;
    };
  }

  /** Returns a header of the answer, or of its end. */
  private static @Nullable String sent(RequestLog log, String name) {
    String header = log.responseHeaders().get(name);
    return header == null ? log.responseTrailers().get(name) : header;
  }

  private static String protocol(String path) {
    if (path.startsWith("/arrow.flight.protocol.")) {
      return "flight";
    }
    return path.startsWith("/llm4msr.v1.") || path.startsWith("/grpc.") ? "grpc" : HTTP;
  }
}
