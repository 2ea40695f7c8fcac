package org.llm4msr.runtime.data.keys;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.toolkit.database.SqlText;
import org.slf4j.LoggerFactory;

class OddKeysTest {

  @TempDir Path scratch;

  private List<String> warnings(String... keys) {
    Logger logger = (Logger) LoggerFactory.getLogger(OddKeys.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    try (PreparationDatabase database = new PreparationDatabase(scratch, 64L << 20, 1)) {
      database.execute("CREATE TABLE items_raw(k VARCHAR)");
      for (String key : keys) {
        database.execute("INSERT INTO items_raw VALUES (" + SqlText.literal(key) + ")");
      }
      OddKeys.warn(database, "items_raw", "items");
    } finally {
      logger.detachAppender(lines);
    }
    return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  void idsAsTheyUsuallyAreBringNoWarning() {
    assertThat(warnings("u1", "u 1", "-7", "9.5", "12e5", "0a1e9", "1E9", "a+b", "1e+09x"))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {" u1", "u1 ", "\tu1", "u1\u00a0", "u1\u3000"})
  void spacesAtAnEndAreTold(String key) {
    assertThat(warnings("u1", "u2", key))
        .containsExactly(
            "Ids of 1 of 3 items have spaces at an end, or ends of lines, such as '"
                + key
                + "': each is another one than the id without. Remove them from the files.");
  }

  @Test
  void endsOfLinesAreToldInOneLine() {
    assertThat(warnings("u1\nx", "u1\r", "u2"))
        .singleElement()
        .asString()
        .startsWith("Ids of 2 of 3 items have spaces at an end, or ends of lines, such as 'u1\\")
        .doesNotContain("\n", "\r");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e+09", "1E+09", "1.23457E+12", "-4.5e+3"})
  void roundedNumbersAreTold(String key) {
    assertThat(warnings(key, "7"))
        .containsExactly(
            "Ids of 1 of 2 items are in scientific notation, such as '"
                + key
                + "': a program has rounded numbers, and several may have become one. Write ids as"
                + " whole numbers or as texts.");
  }
}
