package org.llm4msr.runtime.experiment.log;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.EncoderBase;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.llm4msr.runtime.text.Passwords;
import org.slf4j.LoggerFactory;
import org.slf4j.event.KeyValuePair;

/** Lines of the log as objects of JSON, for what collects the logs of many processes. */
public final class JsonLog {

  private JsonLog() {}

  /**
   * Writes what the process logs to its console as JSON from now on. Does nothing where something
   * other than Logback writes the log.
   */
  public static void begin() {
    Runnable unused = ProcessLog.listen(Lines::begin);
  }

  /** Loaded only if Logback is there. */
  private static final class Lines extends EncoderBase<ILoggingEvent> {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final byte[] NOTHING = {};

    static Runnable begin() {
      LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
      for (Logger logger : context.getLoggerList()) {
        List<Appender<ILoggingEvent>> appenders = new ArrayList<>();
        logger.iteratorForAppenders().forEachRemaining(appenders::add);
        for (Appender<ILoggingEvent> appender : appenders) {
          if (appender instanceof ConsoleAppender<ILoggingEvent> console) {
            Lines lines = new Lines();
            lines.setContext(context);
            lines.start();
            console.setEncoder(lines);
          }
        }
      }
      return () -> {};
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("date", event.getInstant().truncatedTo(ChronoUnit.MILLIS).toString());
      line.put("level", event.getLevel().toString());
      line.put("logger", event.getLoggerName());
      line.put("message", Passwords.masked(event.getFormattedMessage()));
      for (KeyValuePair pair :
          Objects.requireNonNullElse(event.getKeyValuePairs(), List.<KeyValuePair>of())) {
        line.put(pair.key, pair.value instanceof Number ? pair.value : String.valueOf(pair.value));
      }
      if (event.getThrowableProxy() != null) {
        line.put("stack", ThrowableProxyUtil.asString(event.getThrowableProxy()));
      }
      try {
        return (JSON.writeValueAsString(line) + '\n').getBytes(StandardCharsets.UTF_8);
      } catch (JsonProcessingException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public byte[] headerBytes() {
      return NOTHING;
    }

    @Override
    public byte[] footerBytes() {
      return NOTHING;
    }
  }
}
