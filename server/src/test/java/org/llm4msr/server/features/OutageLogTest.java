package org.llm4msr.server.features;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.slf4j.LoggerFactory;

class OutageLogTest {

  private static final MsrException DOWN =
      new MsrException(ErrorType.EXTERNAL, "mine/DOWN", "It is down.");
  private static final String FAILS =
      "WARN Requests are ranked by their bundles alone, because the feature source mine fails:"
          + " [mine/DOWN] It is down.";
  private static final String PAUSED =
      "WARN The feature source mine is paused, and tried again every 1000 ms.";

  private final AtomicLong now = new AtomicLong(-5);
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger(OutageLog.class);
  private final OutageLog log = new OutageLog("mine", 1000, now::get);

  @BeforeEach
  void listen() {
    lines.start();
    logger.setLevel(Level.INFO);
    logger.addAppender(lines);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(lines);
  }

  private List<String> told() {
    return lines.list.stream()
        .map(line -> line.getLevel() + " " + line.getFormattedMessage())
        .toList();
  }

  private void later(double seconds) {
    now.addAndGet(Duration.ofMillis((long) (seconds * 1000)).toNanos());
  }

  @Test
  void anOutageIsToldAtItsFirstFailureWhenItIsPausedAndWhenItIsOver() {
    log.answered();
    log.failed(DOWN);
    log.failed(DOWN);
    log.paused();
    later(2.5);
    log.failed(DOWN);
    log.paused();
    assertThat(log.last()).isSameAs(DOWN);
    log.answered();
    log.answered();

    assertThat(told())
        .containsExactly(FAILS, PAUSED, "INFO The feature source mine answers again, after 2.5 s.");
    assertThat(log.last()).isNull();
  }

  @Test
  void ofManyOutagesOneInTenSecondsIsTold() {
    for (int i = 0; i < 100; i++) {
      log.failed(DOWN);
      log.answered();
    }
    assertThat(told())
        .containsExactly(FAILS, "INFO The feature source mine answers again, after 0.0 s.");
    lines.list.clear();
    log.failed(DOWN);
    log.paused();
    later(9.9);
    log.failed(DOWN);
    assertThat(told()).isEmpty();

    later(0.1);
    log.failed(DOWN); // It is down still: that is told now.
    log.paused();
    log.answered();

    assertThat(told())
        .containsExactly(
            FAILS, PAUSED, "INFO The feature source mine answers again, after 10.0 s.");
  }

  @Test
  void theFirstValueOfAColumnThatCannotBeReadIsTold() {
    log.unreadable(new Unreadable("age", "data/BAD_VALUE", "Column 'age' of the user has 'old'."));
    log.unreadable(new Unreadable("age", "data/BAD_VALUE", "Column 'age' of the user has 'new'."));
    log.unreadable(new Unreadable("city", "data/BAD_VALUE", "Column 'city' of the user has 3.0."));

    String begin =
        "WARN A value of the feature source mine cannot be read; others of its column are only"
            + " counted: [data/BAD_VALUE] Column ";
    assertThat(told())
        .containsExactly(
            begin + "'age' of the user has 'old'.", begin + "'city' of the user has 3.0.");
  }
}
