package org.llm4msr.spark.score;

import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.llm4msr.spark.home.JobException;

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
      throw found(e, request);
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

  /** Spark's exceptions are checked ones that its signatures do not tell. */
  private static RuntimeException found(Exception error, ScoreRequest request) {
    if (error instanceof AnalysisException analysis) {
      String condition = String.valueOf(analysis.getCondition());
      boolean missing =
          Stream.of("PATH_NOT_FOUND", "TABLE_OR_VIEW_NOT_FOUND").anyMatch(condition::equals);
      return missing
          ? JobException.ofUser(
              "data/MISSING_FILE",
              "There is no %s. Name existing rows by --in, and what holds them by --format."
                  .formatted(request.in()))
          : JobException.of(
              "data/BAD_ROWS",
              "%s cannot be read: %s".formatted(request.in(), analysis.getMessage()),
              analysis);
    }
    return error instanceof RuntimeException known ? known : new IllegalStateException(error);
  }
}
