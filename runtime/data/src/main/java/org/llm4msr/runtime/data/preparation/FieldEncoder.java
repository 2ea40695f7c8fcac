package org.llm4msr.runtime.data.preparation;

import static java.util.stream.Collectors.joining;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.data.buckets.BucketBounds;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.nodes.ListTable;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.SplitColumns;
import org.llm4msr.runtime.data.prepared.VectorMoments;

/**
 * Turns the raw values of one field into numbers. What it learns (vocabulary, mean, deviation)
 * comes from the training part alone; a value of a user or item counts once for each training row.
 */
final class FieldEncoder {

  private final FieldPlan plan;
  private final PreparedField prepared;

  private final @Nullable VectorMoments moments;
  private final @Nullable BucketBounds bounds;
  private final @Nullable Crossing crossing;

  private FieldEncoder(FieldPlan plan, PreparedField prepared) {
    this(plan, prepared, null, null, null);
  }

  private FieldEncoder(
      FieldPlan plan,
      PreparedField prepared,
      @Nullable VectorMoments moments,
      @Nullable BucketBounds bounds,
      @Nullable Crossing crossing) {
    this.plan = plan;
    this.prepared = prepared;
    this.moments = moments;
    this.bounds = bounds;
    this.crossing = crossing;
  }

  /**
   * Learns from the table of the field's home, see {@link EntityTables}. The first field of a
   * shared vocabulary counts the values of all.
   *
   * @param part what it learns from
   */
  static FieldEncoder learn(FieldPlan plan, PreparationDatabase database, Training part) {
    @Nullable BaseData base = part.base();
    FieldKind kind = plan.field().kind();
    String training = part.values(plan);
    if (kind instanceof FieldKind.Bucketed bucketed) {
      BucketBounds bounds = Buckets.bounds(plan, bucketed, database, training, base);
      Buckets.count(plan, bounds, database, training, base != null);
      return new FieldEncoder(plan, prepared(plan, bounds.ids(), 0, 0), null, bounds, null);
    }
    if (kind instanceof FieldKind.Hashed hashed) {
      return new FieldEncoder(plan, prepared(plan, hashed.buckets() + 1, 0, 0));
    }
    if (PreparedField.hasVocabulary(kind)) {
      if (plan.isFirst()) {
        List<FieldPlan> sharing =
            part.fields().stream().filter(other -> other.first() == plan.index()).toList();
        count(sharing, database, part);
        number(plan, database, part.minFrequency(), base != null);
      }
      return new FieldEncoder(plan, prepared(plan, known(plan, database) + 1, 0, 0));
    }
    if (kind instanceof FieldKind.Vector vector) {
      VectorMoments moments =
          base == null
              ? VectorStatistics.learn(plan, vector.size(), database, training)
              : base.moments(plan, vector.size());
      VectorStatistics.store(plan, moments, database);
      return new FieldEncoder(plan, prepared(plan, 0, 0, 0), moments, null, null);
    }
    PreparedField prepared = base == null ? moments(plan, database, training) : base.field(plan);
    return new FieldEncoder(plan, prepared);
  }

  /**
   * Learns a crossed field, once users and items are encoded.
   *
   * @param others encoders of the other fields
   */
  static FieldEncoder cross(
      FieldPlan plan,
      FieldKind.Crossed kind,
      List<FieldEncoder> others,
      PreparationDatabase database,
      Training part) {
    List<FieldEncoder> parts =
        kind.parts().stream()
            .map(name -> others.stream().filter(e -> e.prepared.name().equals(name)).findFirst())
            .map(Optional::orElseThrow)
            .toList();
    Crossing crossing = new Crossing(plan, parts);
    crossing.learn(kind, database, part);
    int ids = (kind.buckets() == 0 ? known(plan, database) : kind.buckets()) + 1;
    return new FieldEncoder(plan, prepared(plan, ids, 0, 0), null, null, crossing);
  }

  FieldPlan plan() {
    return plan;
  }

  PreparedField prepared() {
    return prepared;
  }

  /** Returns what standardises vectors; null for a field of another kind. */
  @Nullable VectorMoments moments() {
    return moments;
  }

  /** Returns the ranges of a bucketed field; null for a field of another kind. */
  @Nullable BucketBounds bounds() {
    return bounds;
  }

  /** Makes the table {@code counted} of the values of some fields in training. */
  private static void count(List<FieldPlan> plans, PreparationDatabase database, Training part) {
    String values =
        plans.stream()
            .map(
                plan ->
                    "SELECT "
                        + element(plan)
                        + " AS value, weight, logged FROM "
                        + part.values(plan))
            .collect(joining(" UNION ALL "));
    database.execute("DROP TABLE IF EXISTS counted");
    database.execute(
        "CREATE TABLE counted AS SELECT value, sum(weight)::BIGINT AS count, sum(logged)::BIGINT AS"
            + " logged FROM ("
            + values
            + ") WHERE value IS NOT NULL GROUP BY value");
  }

  /** Returns the values of a field, those of a list as rows, in SQL. */
  private static String element(FieldPlan plan) {
    String texts = plan.isWeighted() ? ListWeights.texts(plan.column()) : plan.column();
    return plan.field().kind() instanceof FieldKind.MultiCategorical
        ? "unnest(" + texts + ")"
        : texts;
  }

  /** Makes the vocabulary: known values keep their ids, and new frequent ones follow. */
  static void number(
      FieldPlan plan, PreparationDatabase database, int minFrequency, boolean extend) {
    String base = BaseData.vocabulary(plan);
    if (!extend) {
      database.execute("CREATE TABLE " + base + "(id INTEGER, value VARCHAR, count BIGINT)");
    }
    database.execute(
        """
        CREATE TABLE newcomers AS SELECT value, count FROM counted c
        WHERE logged >= %s AND NOT EXISTS (SELECT 1 FROM %s b WHERE b.value = c.value)
        ORDER BY count DESC, value
        """
            .formatted(minFrequency, base));
    database.execute(
        """
        CREATE TABLE %1$s AS
        SELECT b.id, b.value, b.count + coalesce(c.count, 0) AS count
        FROM %2$s b LEFT JOIN counted c ON b.value = c.value
        UNION ALL
        SELECT ((SELECT count(*) FROM %2$s) + rowid + 1)::INTEGER, value, count FROM newcomers
        """
            .formatted(plan.vocabulary(), base));
    database.execute("DROP TABLE newcomers");
  }

  private static int known(FieldPlan plan, PreparationDatabase database) {
    return Math.toIntExact(database.queryLong("SELECT count(*) FROM " + plan.vocabulary()));
  }

  private static PreparedField prepared(
      FieldPlan plan, int vocabularySize, double mean, double deviation) {
    RawField field = plan.field();
    return new PreparedField(
        field.name(),
        field.role(),
        field.kind(),
        vocabularySize,
        mean,
        deviation,
        field.vocabulary(),
        field.weights() != null);
  }

  private static PreparedField moments(
      FieldPlan plan, PreparationDatabase database, String training) {
    String value = plan.column();
    // Distinct values in order: a sum in the order of the threads would differ in its last bits.
    WeightedMoments moments = new WeightedMoments();
    database.forEach(
        "SELECT "
            + value
            + ", sum(weight)::BIGINT FROM "
            + training
            + " WHERE isfinite("
            + value
            + ") GROUP BY "
            + value
            + " ORDER BY "
            + value,
        row -> moments.add(row.getDouble(1), (double) row.getLong(2)));
    moments.requireFinite(plan.field());
    return prepared(plan, 0, moments.mean(), moments.deviation());
  }

  /** Returns how lists of values become lists of ids; empty for other fields. */
  Optional<ListTable> lists() {
    if (!(plan.field().kind() instanceof FieldKind.MultiCategorical)) {
      return Optional.empty();
    }
    boolean weighted = plan.isWeighted();
    String ids = "list(v.id ORDER BY place)";
    String weights = "list(element.weight ORDER BY place)";
    return Optional.of(
        new ListTable(
            plan.home() == RawTable.INTERACTIONS ? "keyed" : EntityTables.raw(plan.home()),
            plan.column(),
            plan.lists(),
            plan.vocabulary(),
            weighted ? ListWeights.encoded("NULL", "NULL") : "NULL::INTEGER[]",
            weighted ? "element.text" : "element",
            weighted ? ListWeights.encoded(ids, weights) : ids));
  }

  /** Returns the table that rows of the log need to be encoded, beside their values. */
  Optional<String> table() {
    if (crossing != null) {
      return Optional.of(crossing.table());
    }
    boolean isLookedUp =
        plan.field().kind() instanceof FieldKind.Categorical
            || plan.field().kind() instanceof FieldKind.MultiCategorical;
    return isLookedUp && plan.home() == RawTable.INTERACTIONS
        ? Optional.of(plan.vocabulary())
        : Optional.empty();
  }

  /** Returns the joins that the encoded value needs, for a home table called {@code h}. */
  String join() {
    FieldKind kind = plan.field().kind();
    if (crossing != null) {
      return crossing.join();
    }
    if (kind instanceof FieldKind.Numeric
        || kind instanceof FieldKind.Bucketed
        || kind instanceof FieldKind.Hashed) {
      return "";
    }
    if (kind instanceof FieldKind.Vector) {
      return " CROSS JOIN " + plan.moments();
    }
    String table = kind instanceof FieldKind.Categorical ? plan.vocabulary() : plan.lists();
    return " LEFT JOIN " + table + " ON h." + plan.column() + " = " + table + ".value";
  }

  /**
   * Returns the encoded value: id 0 for what is missing or unknown, 0.0 for a missing number, zeros
   * for a missing vector. A list with weights is a pair, see {@link ListWeights}.
   */
  String value() {
    FieldKind kind = plan.field().kind();
    if (kind instanceof FieldKind.Categorical) {
      return "coalesce(" + plan.vocabulary() + ".id, 0)::INTEGER";
    }
    if (kind instanceof FieldKind.MultiCategorical) {
      String ids = plan.lists() + ".ids";
      return plan.isWeighted() ? ListWeights.known(ids) : "coalesce(" + ids + ", [0])::INTEGER[]";
    }
    if (kind instanceof FieldKind.Vector vector) {
      return VectorStatistics.standardized(plan, vector.size());
    }
    if (crossing != null) {
      return crossing.value();
    }
    if (bounds != null) {
      return bounds.sql("h." + plan.column());
    }
    if (kind instanceof FieldKind.Hashed hashed) {
      return Buckets.hashed("h." + plan.column(), hashed, plan.isWeighted());
    }
    if (prepared.deviation() == 0) {
      return "0::FLOAT";
    }
    String mean = "CAST('" + prepared.mean() + "' AS DOUBLE)";
    String deviation = "CAST('" + prepared.deviation() + "' AS DOUBLE)";
    return "(" + standardized("h." + plan.column(), mean, deviation) + ")::FLOAT";
  }

  /** Returns the encoded value of a row {@code h}, its user {@code ue} and its item {@code ie}. */
  String ofRow() {
    return switch (plan.home()) {
      case INTERACTIONS -> value();
      case USERS -> "ue." + plan.encoded();
      case ITEMS -> "ie." + plan.encoded();
    };
  }

  /** Returns an encoded value in the type in which it is stored: a condition has no vectors. */
  String stored(String value) {
    return plan.field().kind() instanceof FieldKind.Vector vector
        ? "(" + value + ")::FLOAT[" + vector.size() + "]"
        : value;
  }

  /** Returns the columns that an encoded value has in files. */
  List<String> names() {
    String name = prepared.name();
    return plan.isWeighted() ? List.of(name, SplitColumns.weightsOf(name)) : List.of(name);
  }

  /** Returns an encoded value by column, in SQL. */
  List<String> columns(String value) {
    return plan.isWeighted()
        ? List.of("(" + value + ").ids", "(" + value + ").weights")
        : List.of(value);
  }

  /** Returns a number as models see it, in SQL; 0 where it is missing. */
  static String standardized(String number, String mean, String deviation) {
    return "CASE WHEN isfinite(%1$s) THEN greatest(-%4$s, least(%4$s, (%1$s - %2$s) / %3$s)) ELSE 0 END"
        .formatted(number, mean, deviation, PreparedField.LARGEST);
  }

  /** Returns the joins of several fields. */
  static String joins(List<FieldEncoder> encoders) {
    StringBuilder joins = new StringBuilder();
    encoders.forEach(encoder -> joins.append(encoder.join()));
    return joins.toString();
  }
}
