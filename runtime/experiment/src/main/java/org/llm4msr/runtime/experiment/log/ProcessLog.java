package org.llm4msr.runtime.experiment.log;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import java.util.function.Supplier;
import org.slf4j.LoggerFactory;

/**
 * The log of this process, if Logback writes it. The program that embeds the runtime may log
 * through something else, and then need not have Logback.
 */
public final class ProcessLog {

  private static final String LOGBACK = "ch.qos.logback.classic.LoggerContext";

  private ProcessLog() {}

  /**
   * Attaches an appender, if Logback is there.
   *
   * @param attach calls {@link Logback#attach}, in a class of its own that is loaded only then
   * @return an action that ends it
   */
  public static Runnable listen(Supplier<Runnable> attach) {
    return LoggerFactory.getILoggerFactory().getClass().getName().equals(LOGBACK)
        ? attach.get()
        : () -> {};
  }

  /** Loaded only if Logback is there. */
  public static final class Logback {

    private Logback() {}

    /**
     * Sends what the process logs to an appender as well.
     *
     * @param appender not started yet
     * @return an action that ends it
     */
    public static Runnable attach(Appender<ILoggingEvent> appender) {
      Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
      appender.setContext(root.getLoggerContext());
      appender.start();
      root.addAppender(appender);
      return () -> {
        root.detachAppender(appender);
        appender.stop();
      };
    }
  }
}
