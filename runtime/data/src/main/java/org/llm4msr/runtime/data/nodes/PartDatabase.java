package org.llm4msr.runtime.data.nodes;

import static org.llm4msr.toolkit.database.SqlText.identifier;
import static org.llm4msr.toolkit.database.SqlText.literal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.database.ArrowFileSink;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.prepared.DatasetManifest;

/** The database in which a node works on one part, with what was learned of all. */
public final class PartDatabase implements AutoCloseable {

  private final PreparationDatabase database;

  /**
   * Opens it.
   *
   * @param scratch an empty folder
   * @param snapshot a database with what was learned, which is only read
   * @param rows Parquet with the rows of the part
   * @param lists texts of {@link RowNodes.PartQuery#listTexts}
   */
  public PartDatabase(
      Path scratch, long memoryBytes, Path snapshot, Path rows, List<List<String>> lists) {
    database = new PreparationDatabase(scratch, memoryBytes, 1);
    try {
      load(snapshot, rows, lists);
    } catch (RuntimeException | Error e) {
      database.close();
      throw e;
    }
  }

  private void load(Path snapshot, Path rows, List<List<String>> lists) {
    database.execute("ATTACH " + literal(snapshot.toString()) + " AS learned (READ_ONLY)");
    database
        .query(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'learned'",
            row -> row.getString(1))
        .forEach(
            table ->
                database.execute(
                    "CREATE VIEW %1$s AS FROM learned.%1$s".formatted(identifier(table))));
    database.execute(
        "CREATE VIEW keyed AS FROM read_parquet(%s, hive_partitioning = false)"
            .formatted(literal(rows.toString())));
    lists.forEach(texts -> ListTable.of(texts).make(database));
  }

  /** Writes the result of a query as Parquet. */
  public void copy(String sql, Path target) {
    database.execute("COPY (%s) TO %s (FORMAT parquet)".formatted(sql, literal(target.toString())));
  }

  /**
   * Writes the result of a query as a file of prepared data.
   *
   * @param empty whether the file has no rows
   */
  public DatasetManifest.FileStamp write(
      String sql, List<String> columns, int batchRows, boolean empty, Path target)
      throws IOException {
    try (Target file = new Target(columns, target, empty)) {
      database.export(sql, batchRows, file::accept);
      return file.finish();
    }
  }

  /** The file, whose types the first batch tells. */
  private final class Target implements AutoCloseable {
    private final List<String> columns;
    private final Path path;
    private final boolean empty;
    private @Nullable ArrowFileSink sink;

    Target(List<String> columns, Path path, boolean empty) {
      this.columns = columns;
      this.path = path;
      this.empty = empty;
    }

    void accept(VectorSchemaRoot rows) throws IOException {
      if (sink == null) {
        sink = new ArrowFileSink(path, columns, rows, database.allocator(), written -> {});
      }
      sink.append(rows, 0, empty ? 0 : rows.getRowCount());
    }

    DatasetManifest.FileStamp finish() throws IOException {
      if (sink == null) {
        throw new IllegalStateException("a result without columns");
      }
      return sink.finish();
    }

    @Override
    public void close() throws IOException {
      if (sink != null) {
        sink.close();
      }
    }
  }

  @Override
  public void close() {
    database.close();
  }
}
