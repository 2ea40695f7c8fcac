package org.llm4msr.plugins.datasets.sql;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.plugins.datasets.input.ArrowInput;
import org.llm4msr.toolkit.database.ArrowResult;
import org.llm4msr.toolkit.database.Database;
import org.llm4msr.toolkit.database.SqlText;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The DuckDB instance of one reader: it scans raw files, joins out of core, and emits Arrow. */
public final class RawDatabase implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RawDatabase.class);
  private static final long ROWS_OF_A_BATCH = 65_536;
  private static final long LEAST_MEMORY = 64L << 20;

  private final Database database;
  private final boolean skipMalformed;
  private final Map<String, ArrowInput> inputs = new LinkedHashMap<>();

  RawDatabase(DatasetContext context) {
    skipMalformed = context.skipMalformed();
    Path spill = context.scratch().resolve("reader-spill");
    long memory = Math.max(LEAST_MEMORY, context.memoryBytes());
    try {
      database = Database.open(memory, context.threads(), spill);
    } catch (SQLException e) {
      throw new MsrException(
          ErrorType.INTERNAL, "data/DATABASE", "DuckDB does not start: " + e.getMessage(), e);
    }
  }

  /** Makes a reader that owns its database; if that fails, the database is closed. */
  public static DatasetReader reading(
      DatasetContext context, Function<RawDatabase, DatasetReader> factory) {
    RawDatabase database = new RawDatabase(context);
    try {
      return factory.apply(database);
    } catch (RuntimeException e) {
      database.close();
      throw e;
    }
  }

  /** Returns the name, in SQL, under which one query can read rows, once. */
  public String input(ArrowInput input) {
    String name = "input_" + inputs.size();
    inputs.put(name, input);
    return SqlText.identifier(name);
  }

  public boolean skipsMalformed() {
    return skipMalformed;
  }

  void run(String sql, List<Path> files) {
    use(
        sql,
        files,
        () -> {
          database.execute(sql);
          return true;
        });
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
  public List<List<String>> rows(String sql, List<Path> files) {
    return use(sql, files, () -> database.query(sql, RawDatabase::texts));
  }

  private static List<String> texts(ResultSet row) throws SQLException {
    List<String> texts = new ArrayList<>();
    for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
      String value = row.getString(i);
      texts.add(value == null ? "" : value);
    }
    return texts;
  }

  /** Uses the database. */
  @FunctionalInterface
  private interface Use<T> {
    T run() throws SQLException;
  }

  private <T> T use(String sql, List<Path> files, Use<T> use) {
    try (BufferAllocator allocator = new RootAllocator();
        Sources sources = new Sources(sql, allocator)) {
      try {
        sources.open();
        return use.run();
      } catch (IOException | SQLException e) {
        throw sources.failure().orElseGet(() -> QueryErrors.of(e, files));
      }
    }
  }

  /**
   * Runs a query whose batches the caller reads one by one; closing the reader ends the query.
   *
   * @param explain explains an error
   */
  ArrowReader open(String sql, BufferAllocator allocator, Function<Exception, MsrException> explain)
      throws IOException {
    Sources sources = new Sources(sql, allocator);
    Function<Exception, MsrException> failure =
        e -> sources.failure().orElseGet(() -> explain.apply(e));
    try {
      sources.open();
      ArrowResult result = database.stream(sql, allocator, ROWS_OF_A_BATCH);
      sources.own(result);
      return new QueryReader(result.reader(), sources::close, allocator, failure);
    } catch (IOException e) {
      sources.close();
      throw e;
    } catch (SQLException | RuntimeException e) {
      sources.close();
      throw failure.apply(e);
    }
  }

  /** What a running query reads. */
  private final class Sources implements AutoCloseable {
    private final String sql;
    private final BufferAllocator allocator;
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();
    private final List<FailingReader> readers = new ArrayList<>();

    Sources(String sql, BufferAllocator allocator) {
      this.sql = sql;
      this.allocator = allocator;
    }

    /** Opens the inputs that the query names. */
    void open() throws IOException, SQLException {
      for (Map.Entry<String, ArrowInput> input : inputs.entrySet()) {
        String name = SqlText.identifier(input.getKey());
        int position = sql.indexOf(name);
        if (position >= 0) {
          if (sql.indexOf(name, position + 1) >= 0) {
            throw new IllegalArgumentException("an input is read twice in " + sql);
          }
          own(
              database.register(
                  input.getKey(), child -> reader(input.getValue(), child), allocator));
        }
      }
    }

    private FailingReader reader(ArrowInput input, BufferAllocator child) throws IOException {
      FailingReader reader = new FailingReader(input.open(child), child);
      readers.add(reader);
      return reader;
    }

    void own(AutoCloseable resource) {
      resources.push(resource);
    }

    /** Returns the error of an input, of which DuckDB tells only the text. */
    Optional<MsrException> failure() {
      return readers.stream().flatMap(reader -> reader.failure().stream()).findFirst();
    }

    @Override
    public void close() {
      resources.forEach(RawDatabase::closeQuietly);
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
