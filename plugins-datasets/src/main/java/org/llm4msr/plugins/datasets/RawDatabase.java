package org.llm4msr.plugins.datasets;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBResultSet;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;

/** The DuckDB instance of one reader: it scans raw files, joins out of core, and emits Arrow. */
final class RawDatabase implements AutoCloseable {

  private static final long ROWS_OF_A_BATCH = 65_536;

  private final DuckDBConnection connection;

  RawDatabase(DatasetContext context) {
    Properties settings = new Properties();
    settings.setProperty("jdbc_stream_results", "true");
    settings.setProperty("memory_limit", Math.max(64, context.memoryBytes() >> 20) + "MiB");
    settings.setProperty("threads", Integer.toString(Math.max(1, context.threads())));
    settings.setProperty("temp_directory", context.scratch().resolve("reader-spill").toString());
    try {
      connection =
          DriverManager.getConnection("jdbc:duckdb:", settings).unwrap(DuckDBConnection.class);
    } catch (SQLException e) {
      throw new MsrException(
          ErrorType.INTERNAL, "data/DATABASE", "DuckDB does not start: " + e.getMessage(), e);
    }
  }

  /** Makes a reader that owns its database; the database is closed where that fails. */
  static DatasetReader reading(
      DatasetContext context, Function<RawDatabase, DatasetReader> factory) {
    RawDatabase database = new RawDatabase(context);
    try {
      return factory.apply(database);
    } catch (RuntimeException e) {
      database.close();
      throw e;
    }
  }

  /** Returns the names of the columns of a table function or query. */
  List<String> columns(String from, List<Path> files) {
    return strings("SELECT column_name FROM (DESCRIBE SELECT * FROM " + from + ")", files);
  }

  /**
   * Returns the first column of a result, as text.
   *
   * @param files what is read, for error messages
   */
  List<String> strings(String sql, List<Path> files) {
    List<String> result = new ArrayList<>();
    for (List<String> row : rows(sql, files)) {
      result.add(row.get(0));
    }
    return result;
  }

  /** Returns a small result as text. */
  List<List<String>> rows(String sql, List<Path> files) {
    List<List<String>> result = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      int width = rows.getMetaData().getColumnCount();
      while (rows.next()) {
        List<String> row = new ArrayList<>();
        for (int i = 1; i <= width; i++) {
          String value = rows.getString(i);
          row.add(value == null ? "" : value);
        }
        result.add(row);
      }
      return result;
    } catch (SQLException e) {
      throw RawErrors.of(e, files);
    }
  }

  /** Runs a query whose batches the caller reads one by one; closing the reader ends the query. */
  ArrowReader open(String sql, List<CsvTable> tables, List<Path> files, BufferAllocator allocator)
      throws IOException {
    Statement statement = null;
    try {
      statement = connection.createStatement();
      DuckDBResultSet rows = statement.executeQuery(sql).unwrap(DuckDBResultSet.class);
      ArrowReader batches = (ArrowReader) rows.arrowExportStream(allocator, ROWS_OF_A_BATCH);
      return new QueryReader(batches, statement, allocator, e -> failure(e, tables, files));
    } catch (SQLException e) {
      closeQuietly(statement);
      throw failure(e, tables, files);
    }
  }

  @Override
  public void close() {
    closeQuietly(connection);
  }

  private MsrException failure(Exception e, List<CsvTable> tables, List<Path> files) {
    return RawErrors.of(this, e, tables, files);
  }

  private static void closeQuietly(@Nullable AutoCloseable resource) {
    if (resource != null) {
      try {
        resource.close();
      } catch (Exception e) {
        // Nothing was written, and what matters is the error that led here.
      }
    }
  }
}
