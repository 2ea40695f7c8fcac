package org.llm4msr.server.http;

import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.util.TimeoutMode;
import com.linecorp.armeria.server.DecoratingHttpServiceFunction;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.config.LimitsConfig;
import org.llm4msr.server.ranking.RankService;
import org.llm4msr.server.refusal.Refusals;

/**
 * Calls that bring batches as long as the client likes, each of which has a thread: so many at
 * once, and none that brings nothing for long.
 */
public final class FlightLimits implements DecoratingHttpServiceFunction {

  private final RankService service;
  private final Arrivals arrivals;
  private final int most;
  private final Duration idle;
  private final Semaphore free;

  /** Limits calls. */
  public FlightLimits(RankService service, Arrivals arrivals, LimitsConfig limits) {
    this.service = service;
    this.arrivals = arrivals;
    most = limits.flights();
    idle = limits.idle();
    free = new Semaphore(most);
  }

  /** Returns a service that is called within the limits. */
  public HttpService around(HttpService batches) {
    return batches.decorate(this);
  }

  @Override
  public HttpResponse serve(HttpService next, ServiceRequestContext context, HttpRequest request)
      throws Exception {
    String client = arrivals.client(context, request.headers());
    try {
      service.enter(client);
    } catch (MsrException e) {
      return ErrorStatus.answer(e);
    }
    if (!free.tryAcquire()) {
      service.leave(client);
      return ErrorStatus.answer(Refusals.tooManyCalls(most));
    }
    CompletableFuture<Void> unused =
        context
            .log()
            .whenComplete()
            .thenAccept(
                log -> {
                  free.release();
                  service.leave(client);
                });
    context.setRequestTimeout(TimeoutMode.SET_FROM_NOW, idle);
    context.setMaxRequestLength(0);
    HttpRequest timed =
        request.mapData(
            data -> {
              context.setRequestTimeout(TimeoutMode.SET_FROM_NOW, idle);
              return data;
            });
    context.updateRequest(timed);
    return next.serve(context, timed);
  }
}
