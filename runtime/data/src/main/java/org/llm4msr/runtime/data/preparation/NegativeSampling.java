package org.llm4msr.runtime.data.preparation;

import java.util.Locale;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.NegativesConfig;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.prepared.SplitCounts;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Draws negatives for the positive rows of the table {@code ordered}, and puts them after their
 * positives: same user, scenario, time and part, but not the same weight: that says how much what
 * happened counts, and a negative did not happen. All labels that are known of the positive are 0.
 * Never drawn are items that the user met in the training part and, for a row of another part,
 * those that the user met until then.
 *
 * <p>A row draws from the items of its scenario in its own part, or in the parts before as well:
 * the training part knows nothing of what comes later.
 */
final class NegativeSampling {

  private static final Logger LOG = LoggerFactory.getLogger(NegativeSampling.class);

  /** After so many draws the user has met nearly all there is. */
  private static final int ROUNDS = 40;

  private final NegativesConfig config;
  private final boolean time;
  private final PreparationDatabase database;
  private final LabelColumns labels;
  private final NegativePools pools;

  /**
   * Makes a sampling.
   *
   * @param time whether the rows have a time
   * @param labels further ones of the rows
   * @throws MsrException of type USER where the pool needs a time and there is none
   */
  NegativeSampling(
      NegativesConfig config, boolean time, LabelColumns labels, PreparationDatabase database) {
    this.labels = labels;
    this.config = config;
    this.time = time;
    this.database = database;
    pools = new NegativePools(config, database);
    if (config.perPositive() > 0 && config.pool().days() != null && !time) {
      throw DataErrors.user(
          "NO_TIME",
          "dataset.negatives.pool.days is %s, but the data has no time. Use part or earlier."
              .formatted(config.pool().days()));
    }
  }

  /** Says in words what is drawn. */
  static String rule(NegativesConfig config) {
    return config.perPositive() == 0
        ? ""
        : "; %s negatives a positive drawn by %s %s, seed %s"
                .formatted(
                    config.perPositive(),
                    config.draw() == NegativesConfig.Draw.POPULARITY ? "popularity" : "chance",
                    NegativePools.rule(config.pool()),
                    config.seed())
            + (weighs(config) ? ", weight " + config.weight() : "");
  }

  /** Returns whether drawn negatives have another weight than 1. */
  static boolean weighs(NegativesConfig config) {
    return config.perPositive() > 0 && config.weight() != 1;
  }

  /**
   * Adds the negatives to the table {@code ordered}.
   *
   * @param counts rows of each part before
   * @return rows of each part after
   * @throws MsrException of type USER where there are none, neither logged nor drawn
   */
  SplitCounts draw(SplitCounts counts) {
    if (config.perPositive() == 0) {
      requireLogged();
      return counts;
    }
    if (config.pool().days() != null) {
      RawTables.refuse(
          database,
          "ordered",
          "t IS NULL",
          "no time, which dataset.negatives.pool.days needs",
          "u",
          "NULL_TIME");
    }
    String part =
        "CASE WHEN rowid < %s THEN 0 WHEN rowid < %s THEN 1 ELSE 2 END"
            .formatted(counts.train(), counts.train() + counts.validation());
    database.execute(
        "CREATE TABLE met AS SELECT u, i, min(t) AS t, min(part) AS part FROM"
            + " (SELECT u, i, t, %s AS part FROM ordered) GROUP BY u, i".formatted(part));
    pools.create(part);
    database.execute(
        "CREATE TABLE wanted AS SELECT rowid AS n, k, u, s, t, %s AS part, %s AS block FROM ordered, range(1, %s) AS ks(k) WHERE y"
            .formatted(part, pools.block(), config.perPositive() + 1));
    database.execute("CREATE TABLE negatives(n BIGINT, k BIGINT, i VARCHAR)");
    for (int round = 0; round < ROUNDS && left() > 0; round++) {
      draw(round);
    }
    warnOfMissing();
    SplitCounts after = merge(counts);
    for (String table : new String[] {"met", "pool", "stretches", "wanted", "negatives"}) {
      database.execute("DROP TABLE " + table);
    }
    return after;
  }

  private void requireLogged() {
    long rows = database.queryLong("SELECT count(*) FROM ordered");
    if (rows > 0 && database.queryLong("SELECT count(*) FROM ordered WHERE NOT y") == 0) {
      throw DataErrors.user(
          "NO_NEGATIVES",
          "All %s rows are positives, and a model needs negatives as well. Set dataset.negatives.perPositive, for example to 4, which draws some; or correct the label in the section dataset."
              .formatted(rows));
    }
  }

  private long left() {
    return database.queryLong("SELECT count(*) FROM wanted");
  }

  /** MD5 and not the database's own hash, which may change with its release. */
  private void draw(int round) {
    String metBefore =
        time
            ? "m.part = 0 OR (w.part > 0 AND coalesce(m.t <= w.t, true))"
            : "m.part = 0 OR m.part <= w.part";
    // A separate table: within one query the places would be joined last, all rows of a scenario
    // with its whole pool.
    database.execute(
        """
        CREATE TABLE places AS
        SELECT w.*, z.start + (md5_number_lower('%s:%s:' || w.n || ':' || w.k) %% z.size)::BIGINT AS place
        FROM wanted w JOIN stretches z USING (s, part, block)
        """
            .formatted(config.seed(), round));
    database.execute(
        """
        INSERT INTO negatives
        SELECT n, k, i FROM (
          SELECT w.n, w.k, p.i FROM places w
          JOIN pool p ON p.rowid = w.place
          LEFT JOIN met m ON m.u = w.u AND m.i = p.i
          WHERE (m.u IS NULL OR NOT (%s)) AND %s) d
        WHERE NOT EXISTS (SELECT 1 FROM negatives g WHERE g.n = d.n AND g.i = d.i)
        QUALIFY row_number() OVER (PARTITION BY n, i ORDER BY k) = 1
        """
            .formatted(metBefore, pools.near()));
    database.execute("DROP TABLE places");
    database.execute(
        "CREATE TABLE still_wanted AS SELECT * FROM wanted ANTI JOIN negatives USING (n, k)");
    database.execute("DROP TABLE wanted");
    database.execute("ALTER TABLE still_wanted RENAME TO wanted");
  }

  private void warnOfMissing() {
    long missing = left();
    if (missing > 0) {
      LOG.warn(
          String.format(
              Locale.ROOT,
              "%,d negatives are missing: their users have met nearly all items that may be drawn.",
              missing));
    }
  }

  private SplitCounts merge(SplitCounts counts) {
    long validationFrom = counts.train();
    long testFrom = counts.train() + counts.validation();
    SplitCounts added =
        database
            .query(
                "SELECT count(*) FILTER (n < %1$s), count(*) FILTER (n >= %1$s AND n < %2$s), count(*) FILTER (n >= %2$s) FROM negatives"
                    .formatted(validationFrom, testFrom),
                row -> new SplitCounts(row.getLong(1), row.getLong(2), row.getLong(3)))
            .get(0);
    database.execute(
        """
        CREATE TABLE merged AS SELECT * EXCLUDE (n, k) FROM (
          SELECT *, rowid AS n, 0 AS k FROM ordered
          UNION ALL
          SELECT o.* REPLACE (g.i AS i, false AS y, true AS drawn, %s::DOUBLE AS w%s), g.n, g.k
          FROM negatives g JOIN ordered o ON o.rowid = g.n)
        ORDER BY n, k
        """
            .formatted(config.weight(), labels.ofNegative()));
    database.execute("DROP TABLE ordered");
    database.execute("ALTER TABLE merged RENAME TO ordered");
    return new SplitCounts(
        counts.train() + added.train(),
        counts.validation() + added.validation(),
        counts.test() + added.test());
  }
}
