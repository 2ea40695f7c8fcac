package org.llm4msr.runtime.data.preparation;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.data.database.ArrowFileSink;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.prepared.VectorMoments;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How the vectors of a field are standardised: number by number. */
final class VectorStatistics {

  private static final Logger LOG = LoggerFactory.getLogger(VectorStatistics.class);

  private VectorStatistics() {}

  /**
   * Learns the moments, from vectors in a fixed order: sums in another one would differ in their
   * last bits.
   *
   * @param training the rows, or users or items, in SQL; each has a weight
   */
  static VectorMoments learn(
      FieldPlan plan, int size, PreparationDatabase database, String training) {
    WeightedMoments[] moments = new WeightedMoments[size];
    Arrays.setAll(moments, number -> new WeightedMoments());
    String sql =
        "SELECT %1$s, weight::BIGINT FROM %2$s WHERE %1$s IS NOT NULL ORDER BY %3$s"
            .formatted(plan.column(), training, plan.home() == RawTable.INTERACTIONS ? "n" : "idx");
    try {
      database.export(sql, ArrowFileSink.blockRows(size), rows -> add(rows, moments));
    } catch (IOException e) {
      throw database.failure(e);
    }
    List<WeightedMoments> all = List.of(moments);
    if (all.stream().allMatch(WeightedMoments::isEmpty)) {
      LOG.warn(
          "No row of the training part has a vector in the field {}: models learn nothing from it. If the vectors are looked up by id, compare how the files write the ids.",
          plan.field().name());
    }
    all.forEach(of -> of.requireFinite(plan.field()));
    return new VectorMoments(
        all.stream().map(WeightedMoments::mean).toList(),
        all.stream().map(WeightedMoments::deviation).toList());
  }

  private static void add(VectorSchemaRoot rows, WeightedMoments[] moments) {
    ListVector vectors = (ListVector) rows.getVector(0);
    Float8Vector numbers = (Float8Vector) vectors.getDataVector();
    BigIntVector weights = (BigIntVector) rows.getVector(1);
    for (int row = 0; row < rows.getRowCount(); row++) {
      int first = vectors.getElementStartIndex(row);
      for (int k = 0; k < moments.length; k++) {
        if (!numbers.isNull(first + k) && Double.isFinite(numbers.get(first + k))) {
          moments[k].add(numbers.get(first + k), (double) weights.get(row));
        }
      }
    }
  }

  /** Makes the table that {@link #standardized} reads, of one row. */
  static void store(FieldPlan plan, VectorMoments moments, PreparationDatabase database) {
    database.execute(
        "CREATE TABLE %s AS SELECT %s::DOUBLE[] AS mean, %s::DOUBLE[] AS deviation"
            .formatted(plan.moments(), texts(moments.mean()), texts(moments.deviation())));
  }

  /** Texts have all digits of a number, which literals of DuckDB do not. */
  private static String texts(List<Double> numbers) {
    return numbers.stream().map(number -> "'" + number + "'").toList().toString();
  }

  /** Returns the encoded vector, in SQL. */
  static String standardized(FieldPlan plan, int size) {
    String moments = plan.moments();
    String number =
        FieldEncoder.standardized(
            "h." + plan.column() + "[k]", moments + ".mean[k]", moments + ".deviation[k]");
    return "list_transform(range(1, %d), lambda k: CASE WHEN %s.deviation[k] > 0 THEN %s ELSE 0 END)::FLOAT[]"
        .formatted(size + 1, moments, number);
  }
}
