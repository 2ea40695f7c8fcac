package org.llm4msr.plugins.datasets;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.toolkit.database.ArrowResult;
import org.llm4msr.toolkit.database.Database;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The DuckDB instance of one reader: it scans raw files, joins out of core, and emits Arrow. */
final class RawDatabase implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RawDatabase.class);
  private static final long ROWS_OF_A_BATCH = 65_536;
  private static final long LEAST_MEMORY = 64L << 20;

  private final Database database;
  private final boolean skipMalformed;
  private final Path scratch;

  private int names;

  /** Files that are read from mended copies. */
  private final Map<Path, Path> copies = new LinkedHashMap<>();

  RawDatabase(DatasetContext context) {
    skipMalformed = context.skipMalformed();
    scratch = context.scratch();
    Path spill = scratch.resolve("reader-spill");
    long memory = Math.max(LEAST_MEMORY, context.memoryBytes());
    try {
      database = Database.open(memory, context.threads(), spill);
    } catch (SQLException e) {
      throw new MsrException(
          ErrorType.INTERNAL, "data/DATABASE", "DuckDB does not start: " + e.getMessage(), e);
    }
  }

  /** Makes a reader that owns its database; if that fails, the database is closed. */
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

  /** Writes a line into a separate file, for DuckDB to read. */
  Path scratchFile(String line) {
    try {
      return Files.writeString(Files.createTempFile(scratch, "line", ".csv"), line + "\n");
    } catch (IOException e) {
      throw noRoom(e);
    }
  }

  /**
   * From now on, reads a file from a mended copy if it needs one.
   *
   * @param oneColumn whether a row has one value
   */
  void mend(Path file, CsvTable.Dialect dialect, boolean oneColumn) {
    try {
      if (!MendedText.isNeeded(file, dialect)) {
        return;
      }
    } catch (IOException e) {
      throw TextFile.unreadable(file, e);
    }
    try {
      Path copy = Files.createTempFile(scratch, "mended", ".txt");
      MendedText.write(file, dialect, oneColumn, copy);
      copies.put(file, copy);
    } catch (IOException e) {
      throw noRoom(e);
    }
  }

  private MsrException noRoom(IOException e) {
    return new MsrException(
        ErrorType.RESOURCES,
        "data/RESOURCES",
        "A temporary file cannot be written in %s: %s. Make room there, or choose another folder with LLM4MSR_JAVA_OPTS=-Djava.io.tmpdir=DIR."
            .formatted(scratch, e.getMessage()),
        e);
  }

  /** Returns the file itself, or its mended copy. */
  Path readFrom(Path file) {
    return copies.getOrDefault(file, file);
  }

  /** Returns a message of DuckDB, with the names of files instead of their copies'. */
  String told(String text) {
    String result = text;
    for (Map.Entry<Path, Path> copy : copies.entrySet()) {
      result = result.replace(copy.getValue().toString(), copy.getKey().toString());
    }
    return result;
  }

  private String onCopies(String sql) {
    String result = sql;
    for (Map.Entry<Path, Path> copy : copies.entrySet()) {
      result = result.replace(Sql.path(copy.getKey()), Sql.path(copy.getValue()));
    }
    return result;
  }

  /** Returns the options with which a scan keeps the rows that it cannot read in a table. */
  static String keepingUnread(String table) {
    return ", store_rejects=true, rejects_table=%s, rejects_scan=%s"
        .formatted(Sql.literal(table), Sql.literal(scansOf(table)));
  }

  /** Returns the table that names the files for a table of {@link #keepingUnread}. */
  static String scansOf(String table) {
    return table + "_scans";
  }

  /** Returns a name that nothing else has. */
  String newName() {
    return "own_" + names++;
  }

  boolean skipsMalformed() {
    return skipMalformed;
  }

  /** Runs a statement that may read Arrow. */
  void run(String sql, List<ArrowInput> arrowInputs, List<Path> files) {
    try (BufferAllocator allocator = new RootAllocator()) {
      Deque<AutoCloseable> resources = new ArrayDeque<>();
      try {
        register(arrowInputs, allocator, resources);
        database.execute(onCopies(sql));
      } finally {
        resources.forEach(RawDatabase::closeQuietly);
      }
    } catch (IOException | SQLException e) {
      throw RawErrors.of(this, e, List.of(), files);
    }
  }

  /** Returns the names of the columns of a table function or query. */
  List<String> columns(String from, List<Path> files) {
    return strings("SELECT column_name FROM (DESCRIBE SELECT * FROM " + from + ")", files);
  }

  /**
   * Returns the first column of a result, as text.
   *
   * @param files the files that are read, for error messages
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
    return rows(sql, files, List.of());
  }

  /** Returns a small result of a query that also reads Arrow, as text. */
  List<List<String>> rows(String sql, List<Path> files, List<ArrowInput> arrowInputs) {
    Deque<AutoCloseable> resources = new ArrayDeque<>();
    try (BufferAllocator allocator = new RootAllocator()) {
      try {
        register(arrowInputs, allocator, resources);
        return database.query(onCopies(sql), RawDatabase::texts);
      } finally {
        resources.forEach(RawDatabase::closeQuietly);
      }
    } catch (IOException | SQLException e) {
      throw RawErrors.of(this, e, List.of(), files);
    }
  }

  private static List<String> texts(ResultSet row) throws SQLException {
    List<String> texts = new ArrayList<>();
    for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
      String value = row.getString(i);
      texts.add(value == null ? "" : value);
    }
    return texts;
  }

  /**
   * Runs a query whose batches the caller reads one by one; closing the reader ends the query.
   *
   * @param arrowInputs the Arrow files that the query names
   * @param told explains an error
   */
  ArrowReader open(
      String sql,
      List<ArrowInput> arrowInputs,
      BufferAllocator allocator,
      Function<Exception, MsrException> told)
      throws IOException {
    Deque<AutoCloseable> resources = new ArrayDeque<>();
    try {
      register(arrowInputs, allocator, resources);
      ArrowResult result = database.stream(onCopies(sql), allocator, ROWS_OF_A_BATCH);
      resources.push(result);
      return new QueryReader(
          result.reader(), () -> resources.forEach(RawDatabase::closeQuietly), allocator, told);
    } catch (IOException e) {
      resources.forEach(RawDatabase::closeQuietly);
      throw e;
    } catch (SQLException | RuntimeException e) {
      resources.forEach(RawDatabase::closeQuietly);
      throw told.apply(e);
    }
  }

  private void register(
      List<ArrowInput> inputs, BufferAllocator allocator, Deque<AutoCloseable> resources)
      throws IOException, SQLException {
    for (ArrowInput input : inputs) {
      resources.push(database.register(input.name(), input::open, allocator));
    }
  }

  @Override
  public void close() {
    closeQuietly(database);
  }

  private static void closeQuietly(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      LOG.debug("A resource of a reader does not close", e);
    }
  }
}
