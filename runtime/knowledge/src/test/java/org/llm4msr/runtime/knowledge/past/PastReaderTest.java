package org.llm4msr.runtime.knowledge.past;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.GivenPast;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.knowledge.past.RandomLog.Row;

class PastReaderTest {

  private static final Set<Split> ALL = EnumSet.allOf(Split.class);

  private static Batch batch(List<Row> rows) {
    Batch batch = new Batch(rows.size(), List.of());
    batch.size = rows.size();
    for (int i = 0; i < rows.size(); i++) {
      batch.user[i] = rows.get(i).user();
      batch.time[i] = rows.get(i).time();
      batch.group[i] = rows.get(i).group();
    }
    return batch;
  }

  private static List<Integer> items(PastEvents past) {
    return IntStream.range(0, past.size()).mapToObj(past::item).toList();
  }

  /** Reads all rows, a few at a time. */
  private static List<List<Integer>> read(PastReader reader, Batch batch, int rows) {
    List<List<Integer>> read = new ArrayList<>();
    for (int from = 0; from < rows; from += 7) {
      reader.read(batch, from, Math.min(from + 7, rows), (row, past) -> read.add(items(past)));
    }
    return read;
  }

  /** What the definition says of both labels, newest first; of one time, positives first. */
  private static List<Integer> expected(
      RandomLog log, Row row, Set<Split> parts, boolean all, int length) {
    Stream<Row> events = log.past(row, parts, true, 1_000).stream();
    if (all) {
      events = Stream.concat(events, log.past(row, parts, false, 1_000).stream());
    }
    return events
        .sorted(Comparator.comparing(Row::time).reversed())
        .limit(length)
        .map(Row::item)
        .toList();
  }

  /** One log of all parts serves readers of the training part and of all. */
  @Test
  void readsWhatTheDefinitionSays() {
    for (int times : new int[] {7, 60, 5_000}) {
      RandomLog log = RandomLog.of(times, 600, times, false);
      EventLogs logs = EventLogs.of(log.of(ALL), RandomLog.USERS, true);
      for (Split last : List.of(Split.TRAIN, Split.TEST)) {
        Set<Split> parts = EnumSet.range(Split.TRAIN, last);
        for (boolean all : new boolean[] {true, false}) {
          for (int length : new int[] {1, 5, 1_000}) {
            PastReader reader = new PastReader(logs, all, length, last.number());
            for (Split part : Split.values()) {
              List<Row> rows = log.rows().stream().filter(row -> row.part() == part).toList();
              Batch batch = batch(rows);
              batch.part = part.number();
              List<List<Integer>> read = read(reader, batch, rows.size());
              for (int i = 0; i < rows.size(); i++) {
                assertThat(read.get(i))
                    .as("%s, %s, %s, %d", rows.get(i), last, all, length)
                    .isEqualTo(expected(log, rows.get(i), parts, all, length));
              }
            }
          }
        }
      }
    }
  }

  @Test
  void aPastThatCameWithTheRowReplacesThatOfTheLog() {
    RandomLog log =
        new RandomLog(
            List.of(
                new Row(Split.TRAIN, 0, 7, 0, true, 1), new Row(Split.TRAIN, 0, 8, 0, false, 2)));
    EventLogs logs = EventLogs.of(log.of(ALL), 1, true);
    Row row = new Row(Split.TEST, 0, 1, 0, true, 9);
    Batch batch = batch(List.of(row, row));
    batch.part = Split.TEST.number();
    batch.pasts = new GivenPast[2];
    batch.pasts[0] =
        new GivenPast(new int[] {3, 4, 5}, new int[3], new boolean[] {true, false, true});
    List<List<Integer>> read = new ArrayList<>();
    for (boolean all : new boolean[] {false, true}) {
      PastReader reader = new PastReader(logs, all, 2, Split.TRAIN.number());
      read.addAll(read(reader, batch, 2));
    }

    assertThat(read).containsExactly(List.of(3, 5), List.of(7), List.of(3, 4), List.of(8, 7));
  }

  /** As rows of the log, of which those whose label is not known are no events. */
  @Test
  void eventsThatCameWithTheRowAreReadByTheLabelThatIsKnownOfThem() {
    RandomLog log = new RandomLog(List.of(new Row(Split.TRAIN, 0, 7, 0, true, 1)));
    EventLogs logs = EventLogs.of(log.of(ALL), 1, true);
    Batch batch = batch(List.of(new Row(Split.TEST, 0, 1, 0, true, 9)));
    batch.pasts = new GivenPast[1];
    batch.pasts[0] =
        new GivenPast(
            new int[] {3, 4, 5},
            new int[3],
            new byte[] {-1, 0, 1},
            Map.of("like", new byte[] {1, -1, 0}));
    List<List<Integer>> read = new ArrayList<>();
    for (boolean all : new boolean[] {false, true}) {
      for (String label : Arrays.asList(null, "like")) {
        PastReader reader = new PastReader(logs, label, all, 2, Split.TRAIN.number());
        read.addAll(read(reader, batch, 1));
      }
    }

    assertThat(read).containsExactly(List.of(5), List.of(3), List.of(4, 5), List.of(3, 5));
  }
}
