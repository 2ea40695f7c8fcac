package org.llm4msr.runtime.knowledge.past;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.knowledge.past.RandomLog.Row;

class EventLogTest {

  private static final Set<Split> TRAINING = EnumSet.of(Split.TRAIN);
  private static final Set<Split> ALL = EnumSet.allOf(Split.class);

  private static List<List<Integer>> read(
      EventLog log, int user, long time, Split part, int group, int length) {
    PastEvents past = new PastEvents(length);
    past.add(1, 1, 0); // What the row before left behind.
    log.read(user, log.end(user, time), part.number(), group, past);
    return IntStream.range(0, past.size())
        .mapToObj(event -> List.of(past.item(event), past.scenario(event)))
        .toList();
  }

  /** No event at or after a row's time, of its group, of another user or label, or a later part. */
  @Test
  void everyRowReadsWhatTheDefinitionSays() {
    for (boolean byTime : new boolean[] {true, false}) {
      for (int times : new int[] {1, 7, 60, 5_000}) {
        RandomLog rows = RandomLog.of(times, 900, times, byTime);
        for (Set<Split> parts : List.of(TRAINING, ALL)) {
          for (boolean positives : new boolean[] {true, false}) {
            EventLog log = EventLog.load(rows.of(parts), RandomLog.USERS, positives);
            for (Row row : rows.rows()) {
              for (int length : new int[] {1, 4, 1_000}) {
                assertThat(read(log, row.user(), row.time(), row.part(), row.group(), length))
                    .as("%s of %s, %d", row, parts, length)
                    .isEqualTo(
                        rows.past(row, parts, positives, length).stream()
                            .map(past -> List.of(past.item(), past.scenario()))
                            .toList());
              }
            }
          }
        }
      }
    }
  }

  @Test
  void aRowReadsNoPartLaterThanItsOwn() {
    RandomLog rows =
        new RandomLog(
            List.of(
                new Row(Split.TEST, 0, 1, 0, true, 10),
                new Row(Split.TRAIN, 0, 2, 0, true, 20),
                new Row(Split.VALIDATION, 0, 3, 0, true, 30),
                new Row(Split.TRAIN, 0, 4, 0, true, 40)));
    EventLog log = EventLog.load(rows.of(ALL), 1, true);
    List<List<List<Integer>>> read = new ArrayList<>();
    for (Split part : Split.values()) {
      read.add(read(log, 0, 40, part, 0, 9));
    }
    assertThat(read)
        .containsExactly(
            List.of(List.of(2, 0)),
            List.of(List.of(3, 0), List.of(2, 0)),
            List.of(List.of(3, 0), List.of(2, 0), List.of(1, 0)));
    assertThat(log.size()).isEqualTo(4);
  }

  @Test
  void unknownUsersAndRowsWithoutTimeHaveNoPast() {
    RandomLog rows = new RandomLog(List.of(new Row(Split.TRAIN, 1, 1, 0, true, -5)));
    EventLog log = EventLog.load(rows.of(ALL), 2, true);
    assertThat(read(log, 1, -4, Split.TEST, 0, 3)).hasSize(1);
    assertThat(read(log, 1, Long.MIN_VALUE, Split.TEST, 0, 3)).isEmpty();
    assertThat(read(log, 0, 9, Split.TEST, 0, 3)).isEmpty();
    assertThat(read(log, 2, 9, Split.TEST, 0, 3)).isEmpty();
    assertThat(read(log, -1, 9, Split.TEST, 0, 3)).isEmpty();
  }
}
