package org.llm4msr.server.http;

import com.linecorp.armeria.common.logging.RequestLog;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.netty.util.AttributeKey;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.server.ranking.RankCall;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Writes a line for each request to the logger {@code llm4msr.access}; its parts are also fields.
 */
public final class AccessLog {

  private static final Logger LOG = LoggerFactory.getLogger("llm4msr.access");
  private static final AttributeKey<RankCall> CALL = AttributeKey.valueOf(AccessLog.class, "CALL");
  private static final double NANOS_A_MILLI = 1e6;
  private static final int LENGTH = 100;

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
    Map<String, @Nullable Object> parts = new LinkedHashMap<>();
    parts.put("code", outcome.code());
    if (call != null) {
      parts.put("scenario", call.request().scenario());
      parts.put("items", call.request().items().size());
    }
    if (withIds) {
      parts.put("from", ((ServiceRequestContext) log.context()).clientAddress().getHostAddress());
      parts.put("id", call == null ? null : call.id());
      parts.put("user", call == null ? null : call.request().user());
    }
    String method = log.requestHeaders().method().name();
    String path = log.context().path();
    double millis = log.totalDurationNanos() / NANOS_A_MILLI;
    StringBuilder line = new StringBuilder(LENGTH);
    line.append(method).append(' ').append(path).append(' ').append(outcome.status());
    line.append(String.format(Locale.ROOT, " %.1f ms", millis));
    LoggingEventBuilder event =
        LOG.atInfo()
            .addKeyValue("method", method)
            .addKeyValue("path", path)
            .addKeyValue("status", outcome.status())
            .addKeyValue("millis", millis);
    parts.forEach(
        (name, part) -> {
          if (part != null) {
            Object value = part instanceof Number ? part : inLine(part.toString());
            line.append(' ').append(name).append('=').append(value);
            LoggingEventBuilder unused = event.addKeyValue(name, value);
          }
        });
    event.log("{}", line);
  }

  /** What a request brings must not look like another line. */
  private static String inLine(String value) {
    String text = value.replaceAll("[\\p{Cntrl}\\s\"]", "?");
    return text.isEmpty() ? "-" : text;
  }
}
