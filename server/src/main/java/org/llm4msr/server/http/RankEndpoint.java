package org.llm4msr.server.http;

import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.util.Exceptions;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.json.JsonAnswer;
import org.llm4msr.server.json.JsonRequest;
import org.llm4msr.server.ranking.Arrival;
import org.llm4msr.server.ranking.RankService;

/** {@code POST /v1/rank}. */
public final class RankEndpoint implements HttpService {

  /** Where it is served. */
  public static final String PATH = "/v1/rank";

  private final RankService service;
  private final Arrivals arrivals;
  private final int mostItems;

  /** Serves what a service ranks. */
  public RankEndpoint(RankService service, Arrivals arrivals, int mostItems) {
    this.service = service;
    this.arrivals = arrivals;
    this.mostItems = mostItems;
  }

  @Override
  public HttpResponse serve(ServiceRequestContext context, HttpRequest request) {
    try {
      Arrival arrival = arrivals.of(context, request.headers());
      service.require(arrival);
      return HttpResponse.of(request.aggregate().thenCompose(body -> rank(context, arrival, body)));
    } catch (MsrException e) {
      return ErrorStatus.answer(e);
    }
  }

  private CompletableFuture<HttpResponse> rank(
      ServiceRequestContext context, Arrival arrival, AggregatedHttpRequest request) {
    HttpData body = request.content();
    return service
        .rank(
            arrival,
            () -> AccessLog.note(context, JsonRequest.read(body.toInputStream(), mostItems)),
            answer -> HttpResponse.of(HttpStatus.OK, MediaType.JSON_UTF_8, JsonAnswer.of(answer)))
        .exceptionally(RankEndpoint::failed);
  }

  private static HttpResponse failed(Throwable error) {
    if (Exceptions.peel(error) instanceof MsrException known) {
      return ErrorStatus.answer(known);
    }
    throw new CompletionException(error);
  }
}
