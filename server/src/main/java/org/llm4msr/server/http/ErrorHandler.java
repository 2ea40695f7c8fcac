package org.llm4msr.server.http;

import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.common.ShuttingDownException;
import com.linecorp.armeria.common.util.CompositeException;
import com.linecorp.armeria.common.util.Exceptions;
import com.linecorp.armeria.server.HttpStatusException;
import com.linecorp.armeria.server.RequestTimeoutException;
import com.linecorp.armeria.server.ServerErrorHandler;
import com.linecorp.armeria.server.ServiceConfig;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.netty.handler.codec.compression.DecompressionException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.json.JsonAnswer;
import org.llm4msr.server.refusal.Faults;
import org.llm4msr.server.refusal.Refusals;

/** Answers what fails, always with the same form of JSON. */
public final class ErrorHandler implements ServerErrorHandler {

  private final long mostBytes;
  private final RefusalObserver observer;

  /**
   * Makes it.
   *
   * @param mostBytes of a request
   * @param observer of what is refused before it is a request
   */
  public ErrorHandler(long mostBytes, RefusalObserver observer) {
    this.mostBytes = mostBytes;
    this.observer = observer;
  }

  @Override
  public @Nullable HttpResponse onServiceException(
      ServiceRequestContext context, Throwable thrown) {
    Throwable cause = Exceptions.peel(thrown);
    MsrException known = ofTransport(cause);
    if (known != null) {
      return ErrorStatus.answer(known);
    }
    if (cause instanceof HttpStatusException) {
      return null; // The answer is made of the status.
    }
    if (Exceptions.isStreamCancelling(cause)) {
      return ErrorStatus.answer(Refusals.cancelled());
    }
    return ErrorStatus.answer(Faults.known(cause));
  }

  /** Returns what an error of the transport means; null if it is another one. */
  public @Nullable MsrException ofTransport(Throwable thrown) {
    Throwable cause = Exceptions.peel(thrown);
    if (cause instanceof RequestTimeoutException) {
      return Refusals.tooLate(
          "The deadline passed before the answer was there. Allow more time, or send fewer items.");
    }
    if (cause instanceof ShuttingDownException) {
      return Refusals.notReady();
    }
    if (is(ContentTooLargeException.class, cause) || tooLongFrame(cause)) {
      return Refusals.tooManyBytes(mostBytes);
    }
    return is(DecompressionException.class, cause)
        ? Refusals.badRequest("The body is not the gzip that its Content-Encoding says.")
        : null;
  }

  /** Tells what kind of fault the end of a body was. */
  private static boolean is(Class<?> kind, Throwable cause) {
    return kind.isInstance(cause)
        || kind.isInstance(cause.getCause())
        || (cause instanceof CompositeException several
            && several.getExceptions().stream().anyMatch(kind::isInstance));
  }

  /** Tells a frame that gRPC has refused: what the services refuse has a code. */
  private static boolean tooLongFrame(Throwable cause) {
    return cause instanceof StatusRuntimeException refused
        && refused.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED
        && (refused.getTrailers() == null
            || !refused.getTrailers().keys().contains(Refusals.HEADER));
  }

  @Override
  public @Nullable AggregatedHttpResponse renderStatus(
      @Nullable ServiceRequestContext context,
      ServiceConfig config,
      @Nullable RequestHeaders headers,
      HttpStatus status,
      @Nullable String description,
      @Nullable Throwable cause) {
    MsrException error =
        status.equals(HttpStatus.REQUEST_ENTITY_TOO_LARGE)
            ? Refusals.tooManyBytes(mostBytes)
            : new MsrException(
                ErrorType.USER,
                Outcome.ofStatus(status),
                "%s. /openapi.json describes what is served."
                    .formatted(status.reasonPhrase().toLowerCase(Locale.ROOT)));
    if (context == null) {
      observer.refused("http", error.code());
    }
    ResponseHeadersBuilder answer =
        ResponseHeaders.builder(status)
            .contentType(MediaType.JSON_UTF_8)
            .set(Refusals.HEADER, error.code());
    if (status.equals(HttpStatus.METHOD_NOT_ALLOWED) && headers != null) {
      answer.set(HttpHeaderNames.ALLOW, allowed(headers.path()));
    }
    return AggregatedHttpResponse.of(answer.build(), HttpData.wrap(JsonAnswer.of(error)));
  }

  private static String allowed(String path) {
    if (path.startsWith(RankEndpoint.PATH)) {
      return "POST";
    }
    if (path.startsWith(ModelsEndpoint.PATH + "/")) {
      return "GET, HEAD, POST";
    }
    return path.startsWith(KnowledgeEndpoint.PATH) ? "PUT, GET, HEAD, DELETE" : "GET, HEAD";
  }
}
