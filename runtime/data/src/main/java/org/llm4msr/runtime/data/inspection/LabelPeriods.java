package org.llm4msr.runtime.data.inspection;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Labels;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Period;

/** Labels over time, in periods of equal length that begin at round times in UTC. */
final class LabelPeriods {

  private static final int MOST = 30;
  private static final long HOUR = 3_600_000;
  private static final long DAY = 24 * HOUR;
  private static final long[] LENGTHS = {
    1,
    10,
    100,
    1_000,
    10_000,
    60_000,
    600_000,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    28 * DAY,
    91 * DAY,
    364 * DAY,
    3_640 * DAY
  };

  private final PreparationDatabase database;
  private final int scenarios;
  private final boolean tellsDrawn;

  /**
   * Makes the periods.
   *
   * @param tellsDrawn whether rows say if they are drawn negatives
   */
  LabelPeriods(PreparationDatabase database, int scenarios, boolean tellsDrawn) {
    this.database = database;
    this.scenarios = scenarios;
    this.tellsDrawn = tellsDrawn;
  }

  /** Returns the periods with rows; empty where no row has a time. */
  List<Period> periods() {
    List<long[]> ranges =
        database.query(
            "SELECT min(t), max(t) FROM rows HAVING count(t) > 0",
            row -> new long[] {row.getLong(1), row.getLong(2)});
    if (ranges.isEmpty()) {
      return List.of();
    }
    long length = length((double) ranges.get(0)[1] - ranges.get(0)[0]);
    SortedMap<Long, long[][]> counts = new TreeMap<>();
    database.forEach(
        "SELECT t // %1$s - (CASE WHEN t %% %1$s < 0 THEN 1 ELSE 0 END), s, count(*), sum(y)::BIGINT, sum(d)::BIGINT FROM rows WHERE t IS NOT NULL GROUP BY 1, 2"
            .formatted(length),
        row ->
            counts.computeIfAbsent(row.getLong(1), key -> new long[scenarios][3])[row.getInt(2)] =
                new long[] {row.getLong(3), row.getLong(4), row.getLong(5)});
    List<Period> periods = new ArrayList<>();
    counts.forEach((number, cells) -> periods.add(period(number * length, cells)));
    return periods;
  }

  private static long length(double span) {
    return LongStream.of(LENGTHS)
        .filter(length -> span / length < MOST)
        .findFirst()
        .orElse((long) (span / MOST) + 1);
  }

  private Period period(long from, long[][] cells) {
    long[] all = new long[3];
    for (long[] cell : cells) {
      Arrays.setAll(all, i -> all[i] + cell[i]);
    }
    return new Period(
        Instant.ofEpochMilli(from).toString(),
        labels(all),
        Arrays.stream(cells).map(this::labels).toList());
  }

  private Labels labels(long[] counts) {
    return Labels.of(counts[0], counts[1], tellsDrawn ? counts[2] : null);
  }
}
