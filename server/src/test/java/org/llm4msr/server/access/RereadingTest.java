package org.llm4msr.server.access;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.slf4j.LoggerFactory;

/** Files that change. */
class RereadingTest {

  @TempDir Path folder;

  private final List<String> read = new ArrayList<>();

  private void read(Path file) {
    try {
      String text = Files.readString(file);
      if (text.equals("bad")) {
        throw new MsrException(ErrorType.USER, "test/BAD", "It is bad.");
      }
      read.add(text);
    } catch (IOException e) {
      throw new MsrException(ErrorType.USER, "test/GONE", "It is gone.", e);
    }
  }

  @Test
  void aChangeIsReadOnceAndAFaultToldOnce() throws Exception {
    Path file = Files.writeString(folder.resolve("a"), "1");
    Path beside = Files.writeString(folder.resolve("b"), "");
    Logger logger = (Logger) LoggerFactory.getLogger(Rereading.class);
    logger.setLevel(Level.INFO);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    try (Rereading files = new Rereading()) {
      files.add(List.of(beside, file), () -> read(file));
      files.look();
      assertThat(read).isEmpty();

      Files.writeString(file, "2");
      files.look();
      files.look();
      Files.writeString(beside, "x");
      files.look();
      assertThat(read).containsExactly("2", "2");

      Files.writeString(file, "bad");
      files.look();
      files.look();
      Files.delete(file);
      files.look();
      Files.writeString(file, "3");
      files.look();
      assertThat(read).containsExactly("2", "2", "3");
    } finally {
      logger.detachAppender(lines);
      logger.setLevel(null);
    }
    assertThat(lines.list)
        .extracting(line -> line.getLevel().toString())
        .containsExactly("INFO", "INFO", "ERROR", "ERROR", "INFO");
  }
}
