package org.llm4msr.runtime.experiment;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.FileAppender;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.text.Passwords;
import org.slf4j.LoggerFactory;

/**
 * Sends the log of the process to the run folder as well, while a run works. Does nothing if the
 * program that embeds the runtime logs through something other than Logback, which it need not
 * have.
 */
final class RunLog implements AutoCloseable {

  private static final RunLog NONE = new RunLog(() -> {});

  private final Runnable end;

  private RunLog(Runnable end) {
    this.end = end;
  }

  /** Opens the log of a run; none in a worker that does not write the run folder. */
  static RunLog of(RunFolder run, @Nullable TrainingOptions options) {
    return options == null || options.writes() ? open(run.path().resolve("log.txt")) : NONE;
  }

  private static RunLog open(Path file) {
    boolean isLogback =
        LoggerFactory.getILoggerFactory()
            .getClass()
            .getName()
            .equals("ch.qos.logback.classic.LoggerContext");
    return new RunLog(isLogback ? Logback.append(file) : () -> {});
  }

  @Override
  public void close() {
    end.run();
  }

  /** Loaded only if Logback is there. */
  private static final class Logback {

    /** Returns an action that ends it. */
    static Runnable append(Path file) {
      LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
      PatternLayoutEncoder encoder = new PatternLayoutEncoder();
      encoder.setContext(context);
      encoder.setPattern(
          "%d{yyyy-MM-dd HH:mm:ss} %-5level %logger{20}: %replace(%msg){'"
              + Passwords.IN_ADDRESS
              + "', '"
              + Passwords.MASKED
              + "'}%n");
      encoder.start();
      FileAppender<ILoggingEvent> appender = new FileAppender<>();
      appender.setContext(context);
      appender.setFile(file.toString());
      appender.setEncoder(encoder);
      appender.start();
      Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
      root.addAppender(appender);
      return () -> {
        root.detachAppender(appender);
        appender.stop();
      };
    }
  }
}
