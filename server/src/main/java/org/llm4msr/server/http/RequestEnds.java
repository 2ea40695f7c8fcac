package org.llm4msr.server.http;

import com.linecorp.armeria.common.logging.RequestLog;
import com.linecorp.armeria.server.logging.AccessLogWriter;
import org.jspecify.annotations.Nullable;

/** Counts and logs what became of each request, whichever part of the server has answered it. */
public final class RequestEnds implements AccessLogWriter {

  private final RefusalObserver observer;
  private final @Nullable AccessLog lines;

  /**
   * Makes it.
   *
   * @param lines null for none
   */
  public RequestEnds(RefusalObserver observer, @Nullable AccessLog lines) {
    this.observer = observer;
    this.lines = lines;
  }

  @Override
  public void log(RequestLog log) {
    Outcome outcome = Outcome.of(log);
    if (outcome.code() != null) {
      observer.refused(outcome.protocol(), outcome.code());
    }
    if (lines != null) {
      lines.write(log, outcome);
    }
  }
}
