package org.llm4msr.spark.score;

import java.util.List;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.llm4msr.spark.home.MissingInput;

/**
 * The rows to score.
 *
 * @param rows with all their columns; of CSV also {@link #FAULT}
 * @param columns without {@link #FAULT}
 */
record InputRows(Dataset<Row> rows, List<String> columns) {

  /** The line of a row of CSV that cannot be read; null for the others. */
  static final String FAULT = "fault of the row";

  /**
   * Finds the rows, without reading them. CSV has a header and one dialect, that of {@code llm4msr
   * score}: nothing is concluded from values, and quotes are doubled.
   *
   * @throws JobException {@code data/MISSING_FILE}, {@code data/BAD_ROWS}
   */
  static InputRows open(SparkSession session, ScoreRequest request) {
    try {
      DataFrameReader reader = session.read().options(request.read());
      return switch (request.format()) {
        case PARQUET -> of(reader.parquet(request.in()));
        case ORC -> of(reader.orc(request.in()));
        case TABLE -> of(session.table(request.in()));
        case CSV -> csv(session, request);
      };
    } catch (Exception e) {
      throw MissingInput.explain(
          e, request.in(), "Name existing rows by --in, and what holds them by --format.");
    }
  }

  private static InputRows of(Dataset<Row> rows) {
    return new InputRows(rows, List.of(rows.columns()));
  }

  private static InputRows csv(SparkSession session, ScoreRequest request) {
    StructType header =
        session.read().option("header", true).options(request.read()).csv(request.in()).schema();
    Dataset<Row> rows =
        session
            .read()
            .option("header", true)
            .option("escape", "\"")
            .option("enforceSchema", false) // Each file has the columns of the first.
            .option("columnPruning", false) // Else rows of another width pass.
            .option("mode", "PERMISSIVE")
            .option("columnNameOfCorruptRecord", FAULT)
            .options(request.read())
            .schema(header.add(FAULT, DataTypes.StringType))
            .csv(request.in());
    return new InputRows(rows, List.of(header.fieldNames()));
  }
}
