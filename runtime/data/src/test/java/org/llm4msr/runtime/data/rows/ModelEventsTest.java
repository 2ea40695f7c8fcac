package org.llm4msr.runtime.data.rows;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;

class ModelEventsTest {

  /** 2022-04-08 to 2022-05-08. */
  private static final ModelEvents SPRING = new ModelEvents(1_649_376_000_000L, 1_651_968_000_000L);

  /** The first event, the last, and 2031. */
  @ParameterizedTest
  @ValueSource(longs = {1_649_376_000, 1_651_968_000, 1_925_000_000})
  void secondsAreRefused(long seconds) {
    assertThatThrownBy(() -> SPRING.requireMillis(seconds, "time", 7))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[data/BAD_VALUE] Column 'time' has " + seconds + " in row 7")
        .hasMessageContaining(", which is 1970-01-")
        .hasMessageContaining("begin at 2022-04-08T00:00:00Z")
        .hasMessageEndingWith("Write milliseconds since 1970.");
  }

  /** Zero, both ends of time, just before the events, among them, today, and in 2000. */
  @ParameterizedTest
  @ValueSource(
      longs = {
        0,
        Long.MIN_VALUE,
        Long.MAX_VALUE,
        1_649_375_999_999L,
        1_650_000_000_000L,
        1_900_000_000_000L,
        946_684_800_000L
      })
  void millisecondsAreNot(long time) {
    assertThatCode(() -> SPRING.requireMillis(time, "time", 0)).doesNotThrowAnyException();
  }

  /** Rows numbered from 0, and no events at all. */
  @Test
  void withoutAnEventThatIsLaterThereIsNoDoubt() {
    ModelEvents counted = new ModelEvents(0, 6_000);
    ModelEvents none = new ModelEvents(Long.MAX_VALUE, Long.MIN_VALUE);

    assertThatCode(() -> counted.requireMillis(5, "time", 0)).doesNotThrowAnyException();
    assertThatCode(() -> none.requireMillis(1_650_000_000, "time", 0)).doesNotThrowAnyException();
  }
}
