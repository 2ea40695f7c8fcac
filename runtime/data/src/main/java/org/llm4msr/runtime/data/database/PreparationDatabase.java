package org.llm4msr.runtime.data.database;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.arrow.c.ArrowArrayStream;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBResultSet;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.arrow.DataErrors;

/**
 * The DuckDB file in which one preparation works. It holds the raw data out of core; everything
 * that leaves it is ordered explicitly, so that threads change nothing.
 */
public final class PreparationDatabase implements AutoCloseable {

  private final Path scratch;
  private final BufferAllocator allocator = new RootAllocator();
  private final DuckDBConnection connection;

  public PreparationDatabase(Path scratch, long memoryBytes, int threads) {
    this.scratch = scratch;
    Properties settings = new Properties();
    settings.setProperty("jdbc_stream_results", "true");
    settings.setProperty("memory_limit", memoryBytes / (1 << 20) + "MiB");
    settings.setProperty("threads", Integer.toString(Math.max(1, threads)));
    // What preparation needs is built in; nothing is fetched.
    settings.setProperty("autoinstall_known_extensions", "false");
    settings.setProperty("autoload_known_extensions", "false");
    settings.setProperty("temp_directory", scratch.resolve("spill").toString());
    try {
      connection =
          DriverManager.getConnection("jdbc:duckdb:", settings).unwrap(DuckDBConnection.class);
    } catch (SQLException e) {
      throw DataErrors.database(scratch, e);
    }
    execute("SET TimeZone = 'UTC'"); // Else times with a zone would depend on the machine's.
    // In a URL, what follows a semicolon in the path would be a setting.
    execute("ATTACH " + literal(scratch.resolve("work.duckdb").toString()) + " AS work");
    execute("USE work");
  }

  /** Takes the batches of an exported query. */
  @FunctionalInterface
  public interface BatchConsumer {
    void accept(VectorSchemaRoot rows) throws IOException;
  }

  /** Reads one row of a result. */
  @FunctionalInterface
  public interface RowReader<T> {
    T read(ResultSet row) throws SQLException;
  }

  /** Takes one row of a result. */
  @FunctionalInterface
  public interface RowVisitor {
    void visit(ResultSet row) throws SQLException;
  }

  public BufferAllocator allocator() {
    return allocator;
  }

  public void execute(String sql) {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw DataErrors.database(scratch, e);
    }
  }

  /** Visits the rows of a result. */
  public void forEach(String sql, RowVisitor visitor) {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        visitor.visit(rows);
      }
    } catch (SQLException e) {
      throw DataErrors.database(scratch, e);
    }
  }

  public <T> List<T> query(String sql, RowReader<T> reader) {
    List<T> result = new ArrayList<>();
    forEach(sql, row -> result.add(reader.read(row)));
    return result;
  }

  public long queryLong(String sql) {
    return query(sql, row -> row.getLong(1)).get(0);
  }

  /** Says what a failure means for the user. */
  public MsrException failure(Exception cause) {
    return DataErrors.database(scratch, cause);
  }

  /** Runs a query over what an Arrow reader emits, under the name {@code source}. */
  public void ingest(ArrowReader reader, String sql) throws SQLException {
    try (ArrowArrayStream stream = ArrowArrayStream.allocateNew(allocator)) {
      Data.exportArrayStream(allocator, reader, stream);
      register(stream);
      try (Statement statement = connection.createStatement()) {
        statement.execute(sql);
        statement.execute("DROP VIEW IF EXISTS source");
      }
    }
  }

  /**
   * Does the same with rows of a file of prepared data, which errors name.
   *
   * @param reader closed with the stream
   */
  public void ingest(Path file, ArrowReader reader, String sql) {
    WatchedReader watched = new WatchedReader(reader, allocator, rows -> {});
    try {
      ingest(watched, sql);
    } catch (SQLException e) {
      if (watched.failure() instanceof MsrException failure) {
        throw failure;
      }
      if (watched.failure() instanceof IOException failure) {
        throw DataErrors.data(
            "BAD_ARROW_FILE",
            file + " cannot be read: " + failure.getMessage() + ". Prepare the data again.");
      }
      throw failure(e);
    }
  }

  /**
   * Streams the result of a query over what an Arrow reader emits, under the name {@code source}.
   */
  public void export(ArrowReader reader, String sql, BatchConsumer consumer) throws IOException {
    try (ArrowArrayStream stream = ArrowArrayStream.allocateNew(allocator)) {
      Data.exportArrayStream(allocator, reader, stream);
      register(stream);
      export(sql, consumer);
      execute("DROP VIEW IF EXISTS source");
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  private void register(ArrowArrayStream stream) throws SQLException {
    try {
      connection.registerArrowStream("source", stream);
    } catch (RuntimeException e) {
      // The driver wraps its exception, for example for a type that it does not know.
      if (e.getCause() instanceof SQLException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** Streams the result of a query. */
  public void export(String sql, BatchConsumer consumer) throws IOException {
    try (Statement statement = connection.createStatement();
        DuckDBResultSet rows = statement.executeQuery(sql).unwrap(DuckDBResultSet.class);
        ArrowReader reader =
            (ArrowReader) rows.arrowExportStream(allocator, ArrowFileSink.BLOCK_ROWS)) {
      consumer.accept(reader.getVectorSchemaRoot());
      while (advance(reader)) {
        consumer.accept(reader.getVectorSchemaRoot());
      }
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** Failures of the database reach the stream as IOException, like those of a file. */
  private boolean advance(ArrowReader reader) {
    try {
      return reader.loadNextBatch();
    } catch (IOException e) {
      throw failure(e);
    }
  }

  public static String identifier(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /** Returns a text in SQL, which ends at a zero character that stands in it as it is. */
  public static String literal(String text) {
    return "'" + text.replace("'", "''").replace("\0", "' || chr(0) || '") + "'";
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw DataErrors.database(scratch, e);
    } finally {
      allocator.close();
    }
  }
}
