package org.llm4msr.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.server.warmup.ProtocolWarmUp;
import org.slf4j.LoggerFactory;

/** A server that asks itself before it is ready. */
class RehearsalTest {

  @TempDir Path folder;

  @Test
  void allProtocolsAreAskedAndNothingIsCounted() throws Exception {
    Path bundle = new FakeBundle(1, FakeShop.SCENARIOS, List.of("like")).write(folder);
    AtomicLong time = new AtomicLong();
    Logger logger = (Logger) LoggerFactory.getLogger(ProtocolWarmUp.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.setLevel(Level.DEBUG);
    logger.addAppender(lines);
    try (RankingServer server =
        FakeServer.start(
            () -> time.addAndGet(1_000_000), // A millisecond whenever somebody asks.
            FakeModel::open,
            "models.main.bundle=" + bundle,
            "tokens={rank: [other], read: [secret]}",
            "warmUpSeconds=0.3")) {
      assertThat(lines.list)
          .extracting(ILoggingEvent::getFormattedMessage)
          .allMatch(line -> line.matches("[1-9][0-9]* requests of the warm-up were answered .*"))
          .extracting(line -> line.substring(line.lastIndexOf(' ') + 1))
          .containsExactlyInAnyOrder("HTTP", "gRPC", "Flight");
      String metrics =
          FakeServer.call(server, "GET", "/metrics", "", "Authorization", "Bearer secret").body();
      assertThat(metrics).contains("llm4msr_unknown_users_total{model=\"main\"} 0.0");
      assertThat(metrics).doesNotContain("llm4msr_rank_seconds_count");
    } finally {
      logger.detachAppender(lines);
      logger.setLevel(null);
    }
  }
}
