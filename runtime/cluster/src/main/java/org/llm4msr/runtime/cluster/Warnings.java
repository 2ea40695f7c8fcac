package org.llm4msr.runtime.cluster;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.LinkedHashSet;
import java.util.Set;
import org.llm4msr.runtime.experiment.log.ProcessLog;
import org.llm4msr.runtime.text.Passwords;

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
    end = ProcessLog.listen(() -> Collector.into(this));
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
  private static final class Collector extends AppenderBase<ILoggingEvent> {

    private final Warnings target;

    private Collector(Warnings target) {
      this.target = target;
    }

    static Runnable into(Warnings target) {
      return ProcessLog.Logback.attach(new Collector(target));
    }

    @Override
    protected void append(ILoggingEvent event) {
      if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
        target.add(event.getFormattedMessage());
      }
    }
  }
}
