package org.llm4msr.runtime.cluster;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.LinkedHashSet;
import java.util.Set;
import org.llm4msr.runtime.text.Passwords;
import org.slf4j.ILoggerFactory;
import org.slf4j.LoggerFactory;

/**
 * What this process warns of, so that whoever reads the log of another learns it. Collects nothing
 * where something other than Logback writes the log.
 */
final class Warnings implements AutoCloseable {

  /** So many different ones are kept. */
  static final int MOST = 100;

  private final Set<String> texts = new LinkedHashSet<>();
  private final Runnable end;

  private Warnings() {
    ILoggerFactory loggers = LoggerFactory.getILoggerFactory();
    end =
        loggers.getClass().getName().equals("ch.qos.logback.classic.LoggerContext")
            ? Appender.into(this)
            : () -> {};
  }

  /** Collects from now on, until this is closed. */
  static Warnings collect() {
    return new Warnings();
  }

  private synchronized void add(String text) {
    if (texts.size() < MOST) {
      texts.add(Passwords.masked(text).replaceAll("\\R", " "));
    }
  }

  /** Returns the texts so far, a line each, none twice. */
  synchronized String lines() {
    return String.join("\n", texts);
  }

  @Override
  public void close() {
    end.run();
  }

  /** Loaded only if Logback is there. */
  private static final class Appender extends AppenderBase<ILoggingEvent> {

    private final Warnings target;

    private Appender(Warnings target) {
      this.target = target;
    }

    /** Returns an action that ends it. */
    static Runnable into(Warnings target) {
      Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
      Appender appender = new Appender(target);
      appender.setContext(root.getLoggerContext());
      appender.start();
      root.addAppender(appender);
      return () -> {
        root.detachAppender(appender);
        appender.stop();
      };
    }

    @Override
    protected void append(ILoggingEvent event) {
      if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
        target.add(event.getFormattedMessage());
      }
    }
  }
}
