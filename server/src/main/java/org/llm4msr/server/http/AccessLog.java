package org.llm4msr.server.http;

import com.linecorp.armeria.common.logging.RequestLog;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.netty.util.AttributeKey;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.server.ranking.RankCall;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes a line for each request to the logger {@code llm4msr.access}. */
public final class AccessLog {

  private static final Logger LOG = LoggerFactory.getLogger("llm4msr.access");
  private static final AttributeKey<RankCall> CALL = AttributeKey.valueOf(AccessLog.class, "CALL");
  private static final double NANOS_A_MILLI = 1e6;

  private final boolean withIds;

  /**
   * Makes it.
   *
   * @param withIds whether lines have the address and the ids of request and user
   */
  public AccessLog(boolean withIds) {
    this.withIds = withIds;
  }

  /** Notes what was asked, for the line of the request. */
  public static RankCall note(ServiceRequestContext context, RankCall call) {
    context.setAttr(CALL, call);
    return call;
  }

  /** Writes the line of a request that has ended. */
  void write(RequestLog log, Outcome outcome) {
    RankCall call = log.context().attr(CALL);
    StringBuilder line = new StringBuilder(100);
    line.append(log.requestHeaders().method())
        .append(' ')
        .append(log.context().path())
        .append(' ')
        .append(outcome.status())
        .append(String.format(Locale.ROOT, " %.1f ms", log.totalDurationNanos() / NANOS_A_MILLI));
    value(line, "code", outcome.code());
    if (call != null) {
      value(line, "scenario", call.request().scenario());
      value(line, "items", call.request().items().size());
    }
    if (withIds) {
      value(line, "from", ((ServiceRequestContext) log.context()).clientAddress().getHostAddress());
      value(line, "id", call == null ? null : call.id());
      value(line, "user", call == null ? null : call.request().user());
    }
    LOG.info("{}", line);
  }

  /** Adds a value in one line: what a request brings must not look like another one. */
  private static void value(StringBuilder line, String name, @Nullable Object value) {
    if (value != null) {
      String text = value.toString().replaceAll("[\\p{Cntrl}\\s\"]", "?");
      line.append(' ').append(name).append('=').append(text.isEmpty() ? "-" : text);
    }
  }
}
