package org.llm4msr.runtime.data.preparation;

import java.util.concurrent.TimeUnit;
import org.llm4msr.runtime.config.NegativePool;
import org.llm4msr.runtime.config.NegativesConfig;
import org.llm4msr.runtime.data.database.PreparationDatabase;

/**
 * What each row may draw, as a stretch of a sorted table. Times are cut into blocks as long as the
 * days of {@code dataset.negatives.pool}: what lies near to a row is in its own block and in those
 * beside it, and the rest of these is refused after the draw. Without days there is one block.
 */
final class NegativePools {

  private static final String UP_TO_PART =
      """
      CREATE TABLE stretches AS
      SELECT s, p.part, 0 AS block, min(pool.rowid) AS start,
        count(*) FILTER (pool.part <= p.part)::UBIGINT AS size
      FROM pool, (VALUES (0), (1), (2)) AS p(part) GROUP BY s, p.part
      """;

  private static final String NEAR_BLOCKS =
      """
      CREATE TABLE stretches AS
      SELECT s, part, block, min(start) OVER near AS start, (sum(size) OVER near)::UBIGINT AS size
      FROM (SELECT s, part, block, min(rowid) AS start, count(*) AS size
        FROM pool GROUP BY s, part, block)
      WINDOW near AS (PARTITION BY s, part ORDER BY block RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING)
      """;

  private final NegativesConfig config;
  private final PreparationDatabase database;

  NegativePools(NegativesConfig config, PreparationDatabase database) {
    this.config = config;
    this.database = database;
  }

  /** Says in words what is drawn from. */
  static String rule(NegativePool pool) {
    if (pool.days() != null) {
      return "from the row's part within %s days of it".formatted(pool.days());
    }
    return pool.rule() == NegativePool.Rule.PART
        ? "from the row's part"
        : "from the row's part and those before";
  }

  /** Returns the block of a row with the time {@code t}, in SQL. */
  String block() {
    return config.pool().days() == null ? "0" : "floor(t / %d)::BIGINT".formatted(millis());
  }

  private long millis() {
    Integer days = config.pool().days();
    return days == null ? 0 : TimeUnit.DAYS.toMillis(days);
  }

  /**
   * Makes the table {@code pool}, an entry a row or an entry an item, and {@code stretches}: the
   * first entry and the number of entries of each scenario, part and block.
   *
   * @param part the part of a row of {@code ordered}, in SQL
   */
  void create(String part) {
    boolean parts = config.pool().rule() != NegativePool.Rule.EARLIER;
    String rows =
        "SELECT s, i, rowid AS n, t, %s AS part, %s AS block FROM ordered".formatted(part, block());
    String entries =
        config.draw() == NegativesConfig.Draw.POPULARITY
            ? "SELECT s, i, part, block, n, t AS first, t AS last, NULL::BIGINT AS previous FROM (%s)"
                .formatted(rows)
            : """
              SELECT s, i, min(part) AS part, block, min(n) AS n, min(t) AS first, max(t) AS last,
                lag(max(t)) OVER (PARTITION BY s, i, min(part) ORDER BY block) AS previous
              FROM (%s) GROUP BY s, i, block%s"""
                .formatted(rows, parts ? ", part" : "");
    database.execute(
        "CREATE TABLE pool AS SELECT * EXCLUDE n FROM (%s) ORDER BY s, %sn"
            .formatted(entries, parts ? "part, block, " : ""));
    database.execute(parts ? NEAR_BLOCKS : UP_TO_PART);
  }

  /**
   * Returns whether a row {@code w} may draw the entry {@code p}, in SQL: it lies within the days,
   * and no entry before it stands for the same item.
   */
  String near() {
    return config.pool().days() == null
        ? "true"
        : "p.last >= w.t - %1$d AND p.first <= w.t + %1$d AND coalesce(p.previous < w.t - %1$d, true)"
            .formatted(millis());
  }
}
