package org.llm4msr.runtime.knowledge.past;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.llm4msr.runtime.data.prepared.LoggedRows;
import org.llm4msr.runtime.data.prepared.Split;

/** Logged rows with few times, so that most rows share theirs, and what each may read of them. */
public record RandomLog(List<Row> rows) {

  public static final int USERS = 12;
  public static final int ITEMS = 40;
  public static final int SCENARIOS = 3;

  /** A logged row. */
  public record Row(
      Split part, int user, int item, int scenario, boolean positive, long time, int group) {

    public Row(Split part, int user, int item, int scenario, boolean positive, long time) {
      this(part, user, item, scenario, positive, time, 0);
    }
  }

  /**
   * Draws a log.
   *
   * @param byTime whether later parts are later; otherwise parts are drawn
   */
  public static RandomLog of(long seed, int count, int times, boolean byTime) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Row> rows = new ArrayList<>();
    for (int r = 0; r < count; r++) {
      long time = random.nextInt(times);
      int part = byTime ? (int) (3 * time / times) : random.nextInt(3);
      rows.add(
          new Row(
              Split.values()[part],
              (int) (USERS * Math.pow(random.nextDouble(), 2)),
              random.nextInt(ITEMS),
              random.nextInt(SCENARIOS),
              random.nextInt(3) == 0,
              time,
              random.nextInt(4)));
    }
    rows.sort(Comparator.comparing(Row::time).thenComparing(Row::part));
    return new RandomLog(rows);
  }

  /** Returns those of some parts, as prepared data visits them. */
  public LoggedRows of(Set<Split> parts) {
    return visitor ->
        rows.stream()
            .filter(row -> parts.contains(row.part()))
            .forEach(
                row ->
                    visitor.visit(
                        row.part(),
                        row.user(),
                        row.item(),
                        row.scenario(),
                        row.positive(),
                        row.time(),
                        row.group()));
  }

  /** Returns by definition what a row reads of one label, newest first. */
  public List<Row> past(Row own, Set<Split> parts, boolean positives, int length) {
    List<Row> past = new ArrayList<>();
    for (int r = rows.size() - 1; r >= 0 && past.size() < length; r--) {
      Row row = rows.get(r);
      if (row.user() == own.user()
          && row.time() < own.time()
          && (own.group() == 0 || row.group() != own.group())
          && row.positive() == positives
          && parts.contains(row.part())
          && row.part().compareTo(own.part()) <= 0) {
        past.add(row);
      }
    }
    return past;
  }
}
