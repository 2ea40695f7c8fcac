package org.llm4msr.server.warmup;

import com.linecorp.armeria.client.BlockingWebClient;
import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.auth.AuthToken;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.server.flight.FlightBatches;
import org.llm4msr.server.grpc.RankingGrpc;
import org.llm4msr.server.http.RankEndpoint;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a server of this machine over all its protocols at once, as its clients will, so that what
 * reads, ranks and writes their requests is compiled when they come.
 *
 * @param token that lets it ask
 * @param ticker the time in nanoseconds, as {@link System#nanoTime}
 */
public record ProtocolWarmUp(int port, String token, LongSupplier ticker) {

  private static final Logger LOG = LoggerFactory.getLogger(ProtocolWarmUp.class);

  private static final MediaType GRPC = MediaType.create("application", "grpc");

  /** Clients come and go. */
  private static final Duration CONNECTION = Duration.ofSeconds(1);

  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** How a protocol asks. */
  private record Protocol(
      String name, String scheme, RequestHeaders headers, Function<Asked, HttpData> body) {

    static final List<Protocol> ALL =
        List.of(
            new Protocol("HTTP", "h1c", to(RankEndpoint.PATH, MediaType.JSON), Bodies::json),
            new Protocol(
                "gRPC",
                "h2c",
                to("/" + RankingGrpc.RANK.getFullMethodName(), GRPC),
                Bodies::message),
            new Protocol(
                "Flight",
                "h2c",
                to("/" + FlightBatches.NAME + "/DoExchange", GRPC),
                Bodies::batch));

    private static RequestHeaders to(String path, MediaType type) {
      return RequestHeaders.builder(HttpMethod.POST, path).contentType(type).build();
    }
  }

  /** Asks for a while, by turns. The log tells a protocol over which nothing was answered. */
  public void run(List<Asked> all, Duration time) {
    long end = ticker.getAsLong() + time.toNanos();
    ExecutorService threads = Executors.newFixedThreadPool(Protocol.ALL.size());
    ClientFactory factory =
        ClientFactory.builder().workerGroup(1).maxConnectionAge(CONNECTION).build();
    try {
      for (Future<Void> done :
          threads.invokeAll(
              Protocol.ALL.stream().map(each -> asking(each, factory, all, end)).toList())) {
        done.get();
      }
    } catch (ExecutionException e) {
      LOG.warn("The warm-up has failed, and the server begins without it.", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      threads.shutdownNow();
      CompletableFuture<?> unused = factory.closeAsync();
    }
  }

  private Callable<Void> asking(
      Protocol protocol, ClientFactory factory, List<Asked> all, long end) {
    return () -> {
      run(protocol, factory, all, end);
      return null;
    };
  }

  private void run(Protocol protocol, ClientFactory factory, List<Asked> all, long end) {
    BlockingWebClient client =
        WebClient.builder(protocol.scheme + "://127.0.0.1:" + port)
            .factory(factory)
            .auth(AuthToken.ofOAuth2(token))
            .responseTimeout(TIMEOUT)
            .build()
            .blocking();
    List<HttpData> bodies = all.stream().map(protocol.body).toList();
    int answered = 0;
    String failure = null;
    for (int number = 0; ticker.getAsLong() - end < 0; number++) {
      String error = ask(client, protocol.headers, bodies.get(number % bodies.size()));
      if (error == null) {
        answered++;
      } else { // Requests of a log may be for other models.
        failure = error;
      }
    }
    if (answered == 0 && failure != null) {
      LOG.warn("No request of the warm-up was answered over {}: {}", protocol.name, failure);
    }
    LOG.debug("{} requests of the warm-up were answered over {}", answered, protocol.name);
  }

  /** Returns what is wrong with the answer; null if nothing is. */
  private static @Nullable String ask(
      BlockingWebClient client, RequestHeaders headers, HttpData body) {
    try {
      AggregatedHttpResponse answer = client.execute(headers, body);
      String status =
          answer.trailers().get("grpc-status", answer.headers().get("grpc-status", "0"));
      return answer.status().equals(HttpStatus.OK) && status.equals("0")
          ? null
          : answer.headers() + " " + answer.trailers();
    } catch (RuntimeException e) {
      return e.toString();
    }
  }
}
