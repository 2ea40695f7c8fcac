package org.llm4msr.runtime.data.preparation;

import static org.llm4msr.toolkit.database.SqlText.literal;

import java.time.DateTimeException;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.config.SplitConfig;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.prepared.SplitCounts;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts the kept interactions in the order of the prepared files: training, validation, test, each
 * by time and then raw order. The place in that order tells the part.
 */
final class SplitPlan {

  private static final Logger LOG = LoggerFactory.getLogger(SplitPlan.class);

  /** Where parts are looked up row by row. */
  private static final String OF_ROW = "parts.part";

  private final SplitConfig config;
  private final PreparationDatabase database;
  private final String partByTime;

  SplitPlan(SplitConfig config, RawSchema schema, PreparationDatabase database) {
    this.config = config;
    this.database = database;
    if (isByTime() && !schema.time()) {
      throw DataErrors.user(
          "NO_TIME",
          "dataset.split.by is '"
              + (config.by() == SplitConfig.By.TIME ? "time" : "user-time")
              + "', but the data has no time. Use given or random.");
    }
    if (config.by() == SplitConfig.By.GIVEN && !schema.split()) {
      throw DataErrors.user(
          "NO_SPLIT",
          "dataset.split.by is 'given', but the data has no split. Use random or time.");
    }
    partByTime = config.by() == SplitConfig.By.TIME && !byRatio() ? partByDate() : "0";
  }

  /** Says in words how the rows are divided. */
  static String rule(SplitConfig config) {
    String ratio =
        config.ratio().stream()
            .map(share -> share == Math.rint(share) ? Long.toString(share.longValue()) : "" + share)
            .collect(Collectors.joining(":"));
    return switch (config.by()) {
      case USER_TIME -> "each user's time " + ratio;
      case TIME ->
          config.validationFrom() == null
              ? "time " + ratio
              : "time, validation from "
                  + config.validationFrom()
                  + ", test from "
                  + config.testFrom();
      case GIVEN -> "given";
      case RANDOM -> "random " + ratio + ", seed " + config.seed();
    };
  }

  /**
   * Makes the table {@code ordered} of the view {@code kept}, whose {@code rowid} is the place.
   *
   * @param numbered whether it keeps the raw numbers {@code r} of the rows
   * @return rows of each part
   */
  SplitCounts order(boolean numbered) {
    long rows = database.queryLong("SELECT count(*) FROM kept");
    String part = part(rows);
    database.execute(
        "CREATE TABLE ordered AS SELECT kept.* EXCLUDE ("
            + (numbered ? "" : "r, ")
            + "bad_label, p), "
            + part
            + " AS part, false AS drawn FROM kept"
            + (part.equals(OF_ROW) ? " JOIN parts USING (r)" : "")
            + " ORDER BY part, t NULLS FIRST, r");
    SplitCounts counts = byRatio() && config.by() == SplitConfig.By.TIME ? cut(rows) : counted();
    if (counts.train() == 0) {
      throw DataErrors.data(
          "EMPTY_TRAINING",
          "No row falls into the training part (split: "
              + rule(config)
              + "; rows: "
              + rows
              + "). Change dataset.split or dataset.scenarios.");
    }
    if (config.by() == SplitConfig.By.RANDOM) {
      warnOfRepeatedRows();
    }
    return counts;
  }

  private void warnOfRepeatedRows() {
    long repeated =
        database.queryLong(
            """
            SELECT coalesce(sum(later), 0)::BIGINT FROM (
              SELECT count(*) FILTER (part > 0) AS later, count(*) FILTER (part = 0) AS train
              FROM ordered GROUP BY u, i, s, t)
            WHERE train > 0
            """);
    if (repeated > 0) {
      LOG.warn(
          "{} rows of validation and test repeat user, item, scenario and time of a training row, so that their labels may be known. Remove repeated rows, or split by time.",
          repeated);
    }
  }

  private boolean byRatio() {
    return config.validationFrom() == null && config.testFrom() == null;
  }

  private String part(long rows) {
    if (isByTime()) {
      RawTables.refuse(
          database, "kept", "t IS NULL", "no time, which the split needs", "u", "NULL_TIME");
    }
    return switch (config.by()) {
      case TIME -> partByTime;
      case USER_TIME -> {
        cutEachUser();
        yield OF_ROW;
      }
      case GIVEN -> {
        RawTables.refuse(
            database,
            "kept",
            "p IS NULL OR p NOT IN ('train', 'validation', 'test')",
            "a split other than train, validation and test",
            "p",
            "BAD_SPLIT");
        yield "CASE p WHEN 'train' THEN 0 WHEN 'validation' THEN 1 ELSE 2 END";
      }
      case RANDOM -> {
        draw(cut(rows));
        yield OF_ROW;
      }
    };
  }

  private String partByDate() {
    long validation = instant("validationFrom", config.validationFrom());
    long test = instant("testFrom", config.testFrom());
    if (validation > test) {
      throw DataErrors.user(
          "BAD_SPLIT",
          "dataset.split.validationFrom ("
              + config.validationFrom()
              + ") is after testFrom ("
              + config.testFrom()
              + ").");
    }
    return "CASE WHEN t < " + validation + " THEN 0 WHEN t < " + test + " THEN 1 ELSE 2 END";
  }

  private static long instant(String key, @Nullable String text) {
    if (text == null) {
      throw DataErrors.user(
          "BAD_SPLIT",
          "dataset.split." + key + " is missing: validationFrom and testFrom go together.");
    }
    try {
      return SplitConfig.millis(text);
    } catch (DateTimeException e) {
      throw DataErrors.user(
          "BAD_SPLIT",
          "dataset.split."
              + key
              + " is '"
              + text
              + "'; expected a day (2022-05-01) or an instant (2022-05-01T12:00:00Z).");
    }
  }

  /** MD5 and not the database's own hash, which may change with its release. */
  private void draw(SplitCounts counts) {
    String hash = "md5_number_lower(" + literal(config.seed() + ":") + " || r)";
    database.execute("CREATE TABLE shuffled AS SELECT r FROM kept ORDER BY " + hash + ", r");
    database.execute(
        "CREATE VIEW parts AS SELECT r, CASE WHEN rowid < "
            + counts.train()
            + " THEN 0 WHEN rowid < "
            + (counts.train() + counts.validation())
            + " THEN 1 ELSE 2 END AS part FROM shuffled");
  }

  private boolean isByTime() {
    return config.by() == SplitConfig.By.TIME || config.by() == SplitConfig.By.USER_TIME;
  }

  /** As {@link #cut(long, List)} for the rows of each user, but with one training row at least. */
  private void cutEachUser() {
    double train = config.ratio().get(0);
    double seen = train + config.ratio().get(1);
    double sum = seen + config.ratio().get(2);
    database.execute(
        """
        CREATE VIEW parts AS
        SELECT r, CASE WHEN n < greatest(1, %s) THEN 0 WHEN n < %s THEN 1 ELSE 2 END AS part
        FROM (SELECT r, count(*) OVER (PARTITION BY u) AS m,
            row_number() OVER (PARTITION BY u ORDER BY t, r) - 1 AS n FROM kept)
        """
            .formatted(shareOfUser(train / sum), shareOfUser(seen / sum)));
  }

  private static String shareOfUser(double share) {
    return "least(m, floor(m * " + share + "::DOUBLE * (1 + 1e-14) + 1e-9))";
  }

  private SplitCounts cut(long rows) {
    return cut(rows, config.ratio());
  }

  /** Returns the rows of each part; a fraction of a row goes to the later part. */
  static SplitCounts cut(long rows, List<Double> ratio) {
    double sum = ratio.get(0) + ratio.get(1) + ratio.get(2);
    long train = share(rows, ratio.get(0) / sum);
    long seen = share(rows, (ratio.get(0) + ratio.get(1)) / sum);
    return new SplitCounts(train, seen - train, rows - seen);
  }

  /**
   * Sums such as 0.8 + 0.1 are not exact: a number of rows that is whole except for rounding counts
   * as whole.
   */
  private static long share(long rows, double share) {
    return Math.min(rows, (long) Math.floor(rows * share * (1 + 1e-14) + 1e-9));
  }

  private SplitCounts counted() {
    return database
        .query(
            "SELECT count(*) FILTER (part = 0), count(*) FILTER (part = 1),"
                + " count(*) FILTER (part = 2) FROM ordered",
            row -> new SplitCounts(row.getLong(1), row.getLong(2), row.getLong(3)))
        .get(0);
  }
}
