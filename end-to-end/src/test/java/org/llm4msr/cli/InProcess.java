package org.llm4msr.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.llm4msr.runtime.compare.LabModule;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.slf4j.LoggerFactory;

/**
 * The command line in the process of the tests: what commands do and say, without the seconds that
 * a process takes to start. Paths are those of this process, so that they must be absolute.
 */
public final class InProcess {

  private InProcess() {}

  /**
   * What a command said.
   *
   * @param err with the warnings that it logged, at the end
   */
  public record Outcome(int code, String out, String err) {}

  /** Runs a command. */
  public static Outcome start(String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    Logger logger = (Logger) LoggerFactory.getLogger("org.llm4msr");
    logger.addAppender(log);
    int code;
    try {
      code =
          new Main(
                  new PrintStream(out, true, UTF_8),
                  new PrintStream(err, true, UTF_8),
                  folders -> new LabModule(new RuntimeModule(PluginRegistry.load(folders))))
              .run(arguments);
    } finally {
      logger.detachAppender(log);
    }
    StringBuilder told = new StringBuilder(err.toString(UTF_8));
    log.list.stream()
        .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
        .forEach(event -> told.append(event.getFormattedMessage()).append('\n'));
    return new Outcome(code, out.toString(UTF_8), told.toString());
  }

  /** Runs a command that succeeds, and returns what it printed. */
  public static String run(String... arguments) {
    Outcome outcome = start(arguments);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    return outcome.out();
  }
}
