package org.llm4msr.runtime.data.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.runtime.batch.GivenPast;

class GivenHistoryTest {

  private static final long BEGIN = 1_649_376_000_000L;

  private static final GivenHistory HISTORY =
      new GivenHistory(
          id -> id.startsWith("i") ? Integer.parseInt(id.substring(1)) : -1,
          List.of("feed", "search")::indexOf,
          new ModelEvents(BEGIN, BEGIN + 1_000_000, List.of("label", "like")));

  private static GivenPast read(Object value, long before) {
    GivenPast past = HISTORY.read(value, 7, before);
    assertThat(past).isNotNull();
    return past;
  }

  @Test
  void idsMappingsAndJsonAreEvents() {
    List<Object> events =
        List.of(
            "i3",
            Map.of("item", "i1", "scenario", "search", "label", 0),
            "{3F25}",
            "{ \"item\": \"i2\", \"scenario\": \"home\", \"label_like\": 1, \"length\": 9}",
            "");

    GivenPast past = read(events, Long.MAX_VALUE);

    assertThat(past.items()).containsExactly(2, 1, 3);
    assertThat(past.scenarios()).containsExactly(-1, 1, -1);
    assertThat(past.labels(null)).containsExactly(-1, 0, 1);
    assertThat(past.labels("like")).containsExactly(1, -1, 1);
    assertThat(HISTORY.read(null, 7, 0)).isNull();
  }

  @Test
  void timesOrderEventsAndEndThem() {
    List<Object> events =
        List.of(
            Map.of("item", "i1", "time", BEGIN + 30),
            Map.of("item", "i2", "time", Instant.ofEpochMilli(BEGIN + 10)),
            Map.of("item", "i3", "time", BEGIN + 50),
            Map.of("item", "i4", "time", String.valueOf(BEGIN + 40)));

    assertThat(read(events, Long.MAX_VALUE).items()).containsExactly(3, 4, 1, 2);
    assertThat(read(events, BEGIN + 50).items()).containsExactly(4, 1, 2);
    assertThat(read(events, Long.MIN_VALUE).items()).isEmpty();
    assertThat(read(List.of("i1", "i2"), Long.MIN_VALUE).items()).containsExactly(2, 1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "{\"scenario\": \"feed\"}~expected an event with an item",
        "{\"item\": \"i1\", \"label\": 2}~expected an event with the label 0 or 1",
        "{\"item\": \"i1\", \"label_like\": \"yes\"}~expected a number",
        "{\"item\": \"i1\", \"label_buy\": 1}~expected an event with label or label_like, by which",
        "{\"item\": \"i1\"~expected an id, or an event as a JSON object",
        "{\"item\": \"i1\", \"time\": 1649376001}~it seems to be in seconds",
        "{\"item\": \"i1\", \"time\": 1649376001000}~expected events that all have a time, or none",
        "{\"item\": 1.5}~expected a text, a whole number or a boolean"
      })
  void refusesWhatIsNoEvent(String event, String text) {
    assertThatThrownBy(() -> HISTORY.read(List.of("i3", event), 7, Long.MAX_VALUE))
        .isInstanceOfSatisfying(RowException.class, e -> assertThat(e.row()).isEqualTo(7))
        .hasMessageContaining("Column 'history' has ")
        .hasMessageContaining(text);
  }
}
