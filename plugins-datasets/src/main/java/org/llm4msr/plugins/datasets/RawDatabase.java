package org.llm4msr.plugins.datasets;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Function;
import org.apache.arrow.c.ArrowArrayStream;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBResultSet;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LeftOutRows;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The DuckDB instance of one reader: it scans raw files, joins out of core, and emits Arrow. */
final class RawDatabase implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RawDatabase.class);
  private static final long ROWS_OF_A_BATCH = 65_536;

  /** How many malformed rows are shown. */
  private static final int MOST_EXAMPLES = 100;

  private final DuckDBConnection connection;
  private final boolean skipMalformed;
  private final Path scratch;

  RawDatabase(DatasetContext context) {
    skipMalformed = context.skipMalformed();
    scratch = context.scratch();
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

  /** Writes a line into a file of its own, for DuckDB to read. */
  Path scratchFile(String line) {
    try {
      return Files.writeString(Files.createTempFile(scratch, "line", ".csv"), line + "\n");
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "data/RESOURCES",
          "A temporary file cannot be written in %s: %s. Make room there, or name another folder with LLM4MSR_JAVA_OPTS=-Djava.io.tmpdir=DIR."
              .formatted(scratch, e.getMessage()),
          e);
    }
  }

  boolean skipsMalformed() {
    return skipMalformed;
  }

  /**
   * Returns the malformed rows of all files read so far.
   *
   * @param others queries of such rows: file, line, name (of the column) and text
   * @param arrowInputs what those queries read beside files
   */
  Optional<LeftOutRows> malformed(
      List<String> others, List<ArrowInput> arrowInputs, List<Path> files) {
    List<String> all = new ArrayList<>(others);
    if (!rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'", files)
        .isEmpty()) {
      all.add(
          "SELECT file_path AS file, line, column_name AS name, trim(csv_line, chr(10) || chr(13)) AS text FROM reject_errors"
              + " JOIN reject_scans USING (scan_id, file_id)");
    }
    if (!skipMalformed || all.isEmpty()) {
      return Optional.empty();
    }
    try (BufferAllocator allocator = new RootAllocator()) {
      Deque<AutoCloseable> resources = new ArrayDeque<>();
      try {
        for (ArrowInput input : arrowInputs) {
          register(input, allocator, resources);
        }
        execute(
            "CREATE OR REPLACE TEMP TABLE malformed AS SELECT file, line, coalesce(min(name), '') AS name, left(coalesce(min(text), ''), "
                + RawErrors.LONGEST_VALUE
                + ") AS text FROM ("
                + String.join(" UNION ALL ", all)
                + ") GROUP BY file, line");
      } finally {
        resources.forEach(RawDatabase::closeQuietly);
      }
    } catch (IOException | SQLException e) {
      throw RawErrors.of(e, files);
    }
    long count = Long.parseLong(rows("SELECT count(*) FROM malformed", files).get(0).get(0));
    List<LeftOutRows.Example> examples =
        rows("SELECT * FROM malformed ORDER BY file, line LIMIT " + MOST_EXAMPLES, files).stream()
            .map(
                row ->
                    new LeftOutRows.Example(
                        row.get(0), Long.parseLong(row.get(1)), row.get(2), row.get(3)))
            .toList();
    return count == 0
        ? Optional.empty()
        : Optional.of(new LeftOutRows("malformed", count, true, examples));
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
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
    } catch (IOException e) {
      resources.forEach(RawDatabase::closeQuietly);
      throw e;
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
    execute("DROP VIEW IF EXISTS " + Sql.name(input.name()));
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
