package org.llm4msr.runtime.experiment.log;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.FileAppender;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.text.Passwords;
import org.slf4j.LoggerFactory;

/**
 * Sends the log of the process to the run folder as well, while a run works. Does nothing where
 * something other than Logback writes the log.
 */
public final class RunLog implements AutoCloseable {

  private static final RunLog NONE = new RunLog(() -> {});

  private final Runnable end;

  private RunLog(Runnable end) {
    this.end = end;
  }

  /**
   * Opens the log of a run.
   *
   * @param file null for none, as in a worker that does not write the run folder
   */
  public static RunLog to(@Nullable Path file) {
    return file == null ? NONE : new RunLog(ProcessLog.listen(() -> Target.attach(file)));
  }

  @Override
  public void close() {
    end.run();
  }

  /** Loaded only if Logback is there. */
  private static final class Target {

    static Runnable attach(Path file) {
      PatternLayoutEncoder encoder = new PatternLayoutEncoder();
      encoder.setContext((LoggerContext) LoggerFactory.getILoggerFactory());
      encoder.setPattern(
          "%d{yyyy-MM-dd HH:mm:ss} %-5level %logger{20}: %replace(%msg){'"
              + Passwords.IN_ADDRESS
              + "', '"
              + Passwords.MASKED
              + "'}%n");
      encoder.start();
      FileAppender<ILoggingEvent> appender = new FileAppender<>();
      appender.setFile(file.toString());
      appender.setEncoder(encoder);
      return ProcessLog.Logback.attach(appender);
    }
  }
}
