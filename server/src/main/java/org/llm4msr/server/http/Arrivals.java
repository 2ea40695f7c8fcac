package org.llm4msr.server.http;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.server.access.Tokens;
import org.llm4msr.server.ranking.Arrival;
import org.llm4msr.server.refusal.Refusals;

/** Notes who asks and how long a request may take. */
public final class Arrivals {

  /** Milliseconds that the sender waits. */
  public static final String TIMEOUT_HEADER = "x-timeout-millis";

  private final Duration most;
  private final boolean byToken;
  private final LongSupplier ticker;

  /**
   * Allows a time.
   *
   * @param most for a request that allows no less
   * @param byToken whether clients are told apart by their tokens, and not by their addresses
   * @param ticker the time in nanoseconds, as {@link System#nanoTime}
   */
  public Arrivals(Duration most, boolean byToken, LongSupplier ticker) {
    this.ticker = ticker;
    this.most = most;
    this.byToken = byToken;
  }

  /**
   * Notes a request, and ends it when its time is over.
   *
   * @throws org.llm4msr.api.MsrException {@code serve/BAD_REQUEST} for a time that is none
   */
  public Arrival of(ServiceRequestContext context, RequestHeaders headers) {
    Duration time = time(headers.get(TIMEOUT_HEADER));
    long asked = context.requestTimeoutMillis(); // Of gRPC, by the deadline of the call.
    if (asked > 0 && asked < time.toMillis()) {
      time = Duration.ofMillis(asked);
    }
    context.setRequestTimeout(time);
    return Arrival.at(
        ticker.getAsLong(), client(context, headers), time, () -> !context.isCancelled());
  }

  private Duration time(@Nullable String asked) {
    if (asked == null) {
      return most;
    }
    if (!asked.matches("[1-9][0-9]{0,8}")) {
      throw Refusals.badRequest(
          "The header %s is '%s'. It should be milliseconds, a whole number from 1."
              .formatted(TIMEOUT_HEADER, asked));
    }
    Duration time = Duration.ofMillis(Long.parseLong(asked));
    return time.compareTo(most) < 0 ? time : most;
  }

  /** Returns the token of a request, or the address that it came from. */
  String client(ServiceRequestContext context, RequestHeaders headers) {
    String token = byToken ? Tokens.token(headers.get(HttpHeaderNames.AUTHORIZATION)) : null;
    return token == null ? context.clientAddress().getHostAddress() : token;
  }
}
