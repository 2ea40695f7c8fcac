package org.llm4msr.plugins.datasets;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Properties;
import java.util.function.Function;
import org.apache.arrow.c.ArrowArrayStream;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBResultSet;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The DuckDB instance of one reader: it scans raw files, joins out of core, and emits Arrow. */
final class RawDatabase implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RawDatabase.class);
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

  /**
   * Runs a query whose batches the caller reads one by one; closing the reader ends the query.
   *
   * @param files what is read, for error messages
   * @param arrowInputs the Arrow files that the query names
   */
  ArrowReader open(
      String sql,
      List<CsvTable> tables,
      List<Path> files,
      List<ArrowInput> arrowInputs,
      BufferAllocator allocator)
      throws IOException {
    Deque<AutoCloseable> resources = new ArrayDeque<>();
    try {
      for (ArrowInput input : arrowInputs) {
        register(input, allocator, resources);
      }
      Statement statement = connection.createStatement();
      resources.push(statement);
      DuckDBResultSet rows = statement.executeQuery(sql).unwrap(DuckDBResultSet.class);
      ArrowReader batches = (ArrowReader) rows.arrowExportStream(allocator, ROWS_OF_A_BATCH);
      resources.push(batches);
      return new QueryReader(
          batches,
          () -> resources.forEach(RawDatabase::closeQuietly),
          allocator,
          e -> RawErrors.of(this, e, tables, files));
    } catch (SQLException | RuntimeException e) {
      resources.forEach(RawDatabase::closeQuietly);
      throw RawErrors.of(this, e, tables, files);
    }
  }

  private void register(ArrowInput input, BufferAllocator allocator, Deque<AutoCloseable> resources)
      throws IOException, SQLException {
    ArrowReader reader = input.open(allocator);
    resources.push(reader);
    ArrowArrayStream stream = ArrowArrayStream.allocateNew(allocator);
    resources.push(stream);
    Data.exportArrayStream(allocator, reader, stream);
    try (Statement statement = connection.createStatement()) {
      statement.execute("DROP VIEW IF EXISTS " + Sql.name(input.name()));
    }
    connection.registerArrowStream(input.name(), stream);
  }

  @Override
  public void close() {
    closeQuietly(connection);
  }

  private static void closeQuietly(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      LOG.debug("A resource of a reader does not close", e);
    }
  }
}
