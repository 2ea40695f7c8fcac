package org.llm4msr.runtime.data.preparation;

import static java.util.stream.Collectors.joining;
import static org.llm4msr.toolkit.database.SqlText.literal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.database.PreparationDatabase;

/** Reads a piece of a log, as one machine reads all of it. */
public final class PieceReading {

  private PieceReading() {}

  /**
   * Reads what a reader emits as interactions into Parquet files.
   *
   * @param reader of the piece alone
   * @param file the number of the piece's file
   * @param start where the piece begins in it
   * @param rows gets what is known of the rows beside their fields, in order
   * @param columns gets {@code file}, {@code start}, the number {@code c} of the row in the piece,
   *     and the fields of the log; not written where there are none
   * @return the number of rows
   * @throws org.llm4msr.api.MsrException of type DATA for bad rows
   */
  public static long read(
      DatasetReader reader,
      PreparationDatabase database,
      int file,
      long start,
      Path rows,
      Path columns) {
    RawSchema schema = reader.schema();
    List<FieldPlan> fields = FieldPlan.of(schema);
    try {
      new RawTables(reader, schema, fields, database, false, Progress.NONE).ingestLog();
    } catch (IOException e) {
      throw DataErrors.io(rows, e);
    }
    String labels = new LabelColumns(schema).names();
    copy(database, "SELECT u, i, s, y, t, p, g, w%s FROM interactions".formatted(labels), rows);
    List<FieldPlan> own = DistantRows.own(fields);
    if (!own.isEmpty()) {
      String values = own.stream().map(plan -> ", " + plan.column()).collect(joining());
      copy(
          database,
          "SELECT %d AS file, %d::BIGINT AS start, rowid AS c%s FROM interactions"
              .formatted(file, start, values),
          columns);
    }
    return database.queryLong("SELECT count(*) FROM interactions");
  }

  private static void copy(PreparationDatabase database, String sql, Path file) {
    database.execute("COPY (%s) TO %s (FORMAT parquet)".formatted(sql, literal(file.toString())));
  }
}
