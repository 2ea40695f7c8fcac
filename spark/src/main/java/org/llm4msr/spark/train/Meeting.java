package org.llm4msr.spark.train;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the workers told each other before they began.
 *
 * @param addresses host and port of each, by rank
 * @param processes host and process number of each, by rank
 * @param secret of the first
 * @param failures texts of those that cannot begin
 */
record Meeting(List<String> addresses, List<String> processes, long secret, List<String> failures) {

  private static final String SEPARATOR = "\t";
  private static final int PARTS = 5;

  /** Returns what a worker tells. */
  static String message(int rank, String address, String process, long secret, String failure) {
    return String.join(
        SEPARATOR, String.valueOf(rank), address, process, String.valueOf(secret), failure);
  }

  /** Reads what all told, in any order. */
  static Meeting of(String[] messages) {
    List<String[]> all =
        Arrays.stream(messages)
            .map(message -> message.split(SEPARATOR, PARTS))
            .sorted(Comparator.comparing(parts -> Integer.parseInt(parts[0])))
            .toList();
    return new Meeting(
        all.stream().map(parts -> parts[1]).toList(),
        all.stream().map(parts -> parts[2]).toList(),
        Long.parseLong(all.get(0)[3]),
        all.stream().map(parts -> parts[4]).filter(text -> !text.isEmpty()).toList());
  }

  /** Returns why they do not begin, null if they do. */
  @Nullable String problem() {
    if (!failures.isEmpty()) {
      return failures.get(0);
    }
    Set<String> seen = new HashSet<>();
    for (String process : processes) {
      if (!seen.add(process)) {
        return "[spark/WORKERS_SHARE_PROCESS] Two workers would run in one executor, process %s, but each needs its own. Set spark.task.cpus to spark.executor.cores, and start as many executors as workers (local-cluster[N,C,M] on one machine, not local[N])."
            .formatted(process);
      }
    }
    return null;
  }
}
