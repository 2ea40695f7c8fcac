package org.llm4msr.toolkit.database;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBDriver;
import org.duckdb.DuckDBResultSet;
import org.llm4msr.api.Stability;

/**
 * A DuckDB database in memory, which swaps out to a folder. It fetches no extensions, and its time
 * zone is UTC, not that of the machine. Results are streamed: a statement ends the query before it.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class Database implements AutoCloseable {

  private final DuckDBConnection connection;

  private Database(DuckDBConnection connection) {
    this.connection = connection;
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

  /** Opens what an {@link ArrowView} shows. */
  @FunctionalInterface
  public interface ArrowSource {
    ArrowReader open(BufferAllocator allocator) throws IOException;
  }

  /**
   * Opens an empty database.
   *
   * @param spill a folder for what exceeds the memory; made when it is needed
   */
  public static Database open(long memoryBytes, int threads, Path spill) throws SQLException {
    Properties settings = new Properties();
    settings.setProperty("jdbc_stream_results", "true");
    settings.setProperty("memory_limit", (memoryBytes >> 20) + "MiB");
    settings.setProperty("threads", Integer.toString(Math.max(1, threads)));
    settings.setProperty("temp_directory", spill.toString());
    settings.setProperty("autoinstall_known_extensions", "false");
    settings.setProperty("autoload_known_extensions", "false");
    // DriverManager may know only the driver of another class loader.
    Database database =
        new Database(
            new DuckDBDriver().connect("jdbc:duckdb:", settings).unwrap(DuckDBConnection.class));
    database.execute("SET TimeZone = 'UTC'");
    // Arrow has no statistics: DuckDB takes it for small, and would compare each row with all.
    database.execute("SET asof_loop_join_threshold = 0");
    return database;
  }

  /** Runs a statement. */
  public void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Visits the rows of a result. */
  public void forEach(String sql, RowVisitor visitor) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        visitor.visit(rows);
      }
    }
  }

  /** Returns the rows of a small result. */
  public <T> List<T> query(String sql, RowReader<T> reader) throws SQLException {
    List<T> result = new ArrayList<>();
    forEach(sql, row -> result.add(reader.read(row)));
    return result;
  }

  /** Streams the result of a query. */
  public ArrowResult stream(String sql, BufferAllocator allocator, long rowsOfABatch)
      throws SQLException {
    Statement statement = connection.createStatement();
    try {
      DuckDBResultSet rows = statement.executeQuery(sql).unwrap(DuckDBResultSet.class);
      return new ArrowResult(
          statement, (ArrowReader) rows.arrowExportStream(allocator, rowsOfABatch));
    } catch (SQLException | RuntimeException e) {
      statement.close();
      throw e;
    }
  }

  /**
   * Lets one query read Arrow under a name.
   *
   * @param source opens a reader, which is closed with the view
   */
  public ArrowView register(String name, ArrowSource source, BufferAllocator allocator)
      throws IOException, SQLException {
    execute("DROP VIEW IF EXISTS " + SqlText.identifier(name));
    ArrowView view = ArrowView.open(this, name, source, allocator);
    try {
      connection.registerArrowStream(name, view.stream());
      return view;
    } catch (RuntimeException e) {
      view.close();
      // The driver wraps its exception, for example for a type that it does not know.
      if (e.getCause() instanceof SQLException cause) {
        throw cause;
      }
      throw e;
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
