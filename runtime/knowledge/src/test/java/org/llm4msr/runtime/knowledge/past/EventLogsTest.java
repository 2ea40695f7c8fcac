package org.llm4msr.runtime.knowledge.past;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.knowledge.past.RandomLog.Row;

class EventLogsTest {

  private static final RandomLog EARLIER =
      new RandomLog(
          List.of(
              new Row(Split.TRAIN, 0, 1, 0, true, 10),
              new Row(Split.TRAIN, 0, 2, 0, true, 20),
              new Row(Split.TRAIN, 0, 3, 0, false, 20),
              new Row(Split.TRAIN, 0, 4, 0, true, 30),
              new Row(Split.TRAIN, 0, 5, 0, true, 50),
              new Row(Split.TRAIN, 2, 6, 0, true, 10)));

  /** Repeats four events: one as it was, one with another label, two in a later part. */
  private static final RandomLog DATA =
      new RandomLog(
          List.of(
              new Row(Split.TRAIN, 0, 9, 0, true, 5),
              new Row(Split.TRAIN, 0, 1, 0, true, 10, 7),
              new Row(Split.TRAIN, 0, 3, 0, true, 20),
              new Row(Split.TRAIN, 0, 4, 1, true, 30),
              new Row(Split.TRAIN, 1, 5, 0, true, 50),
              new Row(Split.VALIDATION, 0, 5, 0, true, 50),
              new Row(Split.TEST, 2, 6, 0, false, 10)));

  @Test
  void eventsOfTheDataComeAfterThoseThatItDoesNotRepeat() {
    EnumSet<Split> all = EnumSet.allOf(Split.class);
    EventLogs inputs =
        EventLogs.of(DATA.of(EnumSet.of(Split.TRAIN)), 3, true)
            .after(EARLIER.of(all), DATA.of(all), 3);

    assertThat(rows(inputs, true))
        .containsExactly(
            new Row(Split.TRAIN, 0, 9, 0, true, 5),
            new Row(Split.TRAIN, 0, 1, 0, true, 10, 7),
            new Row(Split.TRAIN, 0, 2, 0, true, 20),
            new Row(Split.TRAIN, 0, 3, 0, true, 20),
            new Row(Split.TRAIN, 0, 4, 0, true, 30),
            new Row(Split.TRAIN, 0, 4, 1, true, 30),
            new Row(Split.TRAIN, 1, 5, 0, true, 50));
    assertThat(rows(inputs, false)).isEmpty();
  }

  private static List<Row> rows(EventLogs inputs, boolean positives) {
    List<Row> rows = new ArrayList<>();
    inputs
        .logs()
        .get(positives ? 0 : 1)
        .forEach(
            positives,
            (part, user, item, scenario, positive, time, group) ->
                rows.add(new Row(part, user, item, scenario, positive, time, group)));
    return rows;
  }
}
