package org.llm4msr.server.http;

import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.ShuttingDownException;
import com.linecorp.armeria.server.DecoratingHttpServiceFunction;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Refuses what is under way over HTTP/1.1 when the server ends. Armeria does so for HTTP/2; of
 * HTTP/1.1 it closes the connection at the time at which it refuses the request.
 */
public final class LastAnswers implements DecoratingHttpServiceFunction {

  private final Set<ServiceRequestContext> underWay = ConcurrentHashMap.newKeySet();

  @Override
  public HttpResponse serve(
      HttpService delegate, ServiceRequestContext context, HttpRequest request) throws Exception {
    if (context.sessionProtocol().isExplicitHttp1()) {
      underWay.add(context);
      Future<?> unused = context.log().whenComplete().thenRun(() -> underWay.remove(context));
    }
    return delegate.serve(context, request);
  }

  /**
   * Refuses what will be under way in a while, on a thread of the network.
   *
   * @param ending which still sends the answers
   * @param millis from now
   */
  public void refuse(Server ending, long millis) {
    Future<?> unused =
        ending
            .config()
            .workerGroup()
            .schedule(
                () -> underWay.forEach(context -> context.cancel(ShuttingDownException.get())),
                millis,
                TimeUnit.MILLISECONDS);
  }
}
