package org.llm4msr.runtime.data.preparation;

import static org.llm4msr.toolkit.database.SqlText.literal;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.runtime.data.buckets.BucketBounds;
import org.llm4msr.runtime.data.buckets.HashBuckets;
import org.llm4msr.runtime.data.database.PreparationDatabase;

/** Fields whose values become ids without being counted one by one. */
final class Buckets {

  private Buckets() {}

  /**
   * Returns the given bounds, those of the data that is extended, or learns them.
   *
   * @param training the rows, or users or items, in SQL; each has a weight
   */
  static BucketBounds bounds(
      FieldPlan plan,
      FieldKind.Bucketed kind,
      PreparationDatabase database,
      String training,
      @Nullable BaseData base) {
    if (!kind.bounds().isEmpty()) {
      return new BucketBounds(kind.bounds());
    }
    return base == null
        ? new BucketBounds(quantiles(plan.column(), kind.count(), database, training))
        : base.bounds(plan);
  }

  /**
   * Returns the quantiles 1/count to (count - 1)/count of the finite numbers, each once and without
   * the largest number: the quantile q is the least number that at least a share q does not exceed
   * (Hyndman and Fan 1996, type 1).
   */
  private static List<Double> quantiles(
      String number, int count, PreparationDatabase database, String training) {
    String finite = training + " WHERE isfinite(" + number + ")";
    long rows = database.queryLong("SELECT coalesce(sum(weight), 0)::BIGINT FROM " + finite);
    List<Double> bounds = new ArrayList<>();
    long[] seen = new long[1];
    database.forEach(
        "SELECT %1$s, sum(weight)::BIGINT FROM %2$s GROUP BY %1$s ORDER BY %1$s"
            .formatted(number, finite),
        row -> {
          long before = seen[0];
          seen[0] += row.getLong(2);
          if (seen[0] < rows && passed(seen[0], rows, count) > passed(before, rows, count)) {
            bounds.add(row.getDouble(1));
          }
        });
    return bounds;
  }

  /** Returns how many of the quantiles are among the first rows. */
  private static long passed(long first, long rows, int count) {
    return first * count / rows;
  }

  /** Makes the vocabulary: the ranges with their rows in training. */
  static void count(
      FieldPlan plan,
      BucketBounds bounds,
      PreparationDatabase database,
      String training,
      boolean extend) {
    database.execute("DROP TABLE IF EXISTS counted");
    database.execute(
        "CREATE TABLE counted AS SELECT %s AS id, sum(weight)::BIGINT AS count FROM %s GROUP BY ALL"
            .formatted(bounds.sql(plan.column()), training));
    database.execute(
        "CREATE TABLE %s(id INTEGER, value VARCHAR, count BIGINT)".formatted(plan.vocabulary()));
    int id = 1;
    for (String range : bounds.ranges()) {
      String before =
          extend
              ? " + (SELECT count FROM %s WHERE id = %d)".formatted(BaseData.vocabulary(plan), id)
              : "";
      database.execute(
          "INSERT INTO %s SELECT %d, %s, coalesce((SELECT count FROM counted WHERE id = %2$d), 0)%s"
              .formatted(plan.vocabulary(), id, literal(range), before));
      id++;
    }
    database.execute("DROP TABLE counted");
  }

  /**
   * Returns the id of a hashed value, or the ids of a list of values.
   *
   * @param weighted whether the elements of a list have weights, see {@link ListWeights}
   */
  static String hashed(String column, FieldKind.Hashed kind, boolean weighted) {
    HashBuckets buckets = new HashBuckets(kind.buckets());
    if (weighted) {
      return ListWeights.encodedEach(column, buckets.sql("e.text"));
    }
    if (!kind.list()) {
      return "coalesce(" + buckets.sql(column) + ", 0)::INTEGER";
    }
    return "coalesce(nullif(list_transform(list_filter(%s, lambda x: x IS NOT NULL), lambda x: %s), []), [0])::INTEGER[]"
        .formatted(column, buckets.sql("x"));
  }
}
