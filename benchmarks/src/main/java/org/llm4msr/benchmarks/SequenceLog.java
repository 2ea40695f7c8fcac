package org.llm4msr.benchmarks;

import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.llm4msr.runtime.assembly.sequences.SequenceInputs;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.knowledge.past.EventLogs;

/** A log in which every user of random data has the same number of positives, of drawn items. */
final class SequenceLog {

  /** L, all of which each row reads. */
  static final int LENGTH = 50;

  private SequenceLog() {}

  /** Draws a log; an item's id in the first field is its index. */
  static SequenceInputs of(RandomData data) {
    EventLogs events =
        EventLogs.of(
            visitor -> {
              SplittableRandom random = new SplittableRandom(5);
              for (int event = 0; event < LENGTH; event++) {
                for (int user = 0; user < data.users(); user++) {
                  int item = random.nextInt(data.rowsPerField());
                  visitor.visit(Split.TRAIN, user, item, 0, true, event, 0);
                }
              }
            },
            data.users(),
            false);
    return new SequenceInputs(
        events, "field0", field -> IntStream.rangeClosed(0, data.rowsPerField()).toArray());
  }
}
