package org.llm4msr.benchmarks;

import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.llm4msr.runtime.assembly.sequences.SequenceInputs;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.knowledge.past.EventLogs;

/**
 * A log in which every user of random data has as many positives as a row reads, of drawn items;
 * with {@code -Dpast=drawn}, a number between 0 and so many, half of it on average.
 */
final class SequenceLog {

  /** L, the most that a row reads. */
  static final int LENGTH = 50;

  /** Whether numbers of events are drawn. */
  private static final boolean DRAWN = System.getProperty("past", "full").equals("drawn");

  private SequenceLog() {}

  /** Draws a log; an item's id in the first field is its index. */
  static SequenceInputs of(RandomData data) {
    EventLogs events =
        EventLogs.of(
            visitor -> {
              SplittableRandom random = new SplittableRandom(5);
              SplittableRandom counts = new SplittableRandom(6);
              int[] ofUser =
                  IntStream.range(0, data.users())
                      .map(user -> DRAWN ? counts.nextInt(LENGTH + 1) : LENGTH)
                      .toArray();
              for (int event = 0; event < LENGTH; event++) {
                for (int user = 0; user < data.users(); user++) {
                  int item = random.nextInt(data.rowsPerField());
                  if (event < ofUser[user]) {
                    visitor.visit(Split.TRAIN, user, item, 0, true, event, 0);
                  }
                }
              }
            },
            data.users(),
            false);
    return new SequenceInputs(
        events, "field0", field -> IntStream.rangeClosed(0, data.rowsPerField()).toArray());
  }
}
