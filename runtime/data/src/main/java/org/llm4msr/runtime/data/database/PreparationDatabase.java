package org.llm4msr.runtime.data.database;

import static org.llm4msr.toolkit.database.SqlText.literal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.toolkit.database.ArrowResult;
import org.llm4msr.toolkit.database.ArrowView;
import org.llm4msr.toolkit.database.Database;

/**
 * The DuckDB file in which one preparation works. It holds the raw data out of core; everything
 * that leaves it is ordered explicitly, so that threads change nothing.
 */
public final class PreparationDatabase implements AutoCloseable {

  private final Path scratch;
  private final BufferAllocator allocator = new RootAllocator();
  private final Database database;

  public PreparationDatabase(Path scratch, long memoryBytes, int threads) {
    this.scratch = scratch;
    try {
      database = Database.open(memoryBytes, threads, scratch.resolve("spill"));
    } catch (SQLException e) {
      throw DataErrors.database(scratch, e);
    }
    // In a URL, what follows a semicolon in the path would be a setting.
    execute("ATTACH " + literal(scratch.resolve("work.duckdb").toString()) + " AS work");
    execute("USE work");
  }

  /** Takes the batches of an exported query. */
  @FunctionalInterface
  public interface BatchConsumer {
    void accept(VectorSchemaRoot rows) throws IOException;
  }

  public BufferAllocator allocator() {
    return allocator;
  }

  public void execute(String sql) {
    try {
      database.execute(sql);
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** Visits the rows of a result. */
  public void forEach(String sql, Database.RowVisitor visitor) {
    try {
      database.forEach(sql, visitor);
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  public <T> List<T> query(String sql, Database.RowReader<T> reader) {
    try {
      return database.query(sql, reader);
    } catch (SQLException e) {
      throw failure(e);
    }
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
    try (ArrowView view = view(reader)) {
      database.execute(sql);
    }
  }

  private ArrowView view(ArrowReader reader) throws SQLException {
    try {
      return database.register("source", own -> reader, allocator);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // The reader is open.
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
    try (ArrowView view = view(reader)) {
      export(sql, consumer);
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** Streams the result of a query. */
  public void export(String sql, BatchConsumer consumer) throws IOException {
    export(sql, ArrowFileSink.BLOCK_ROWS, consumer);
  }

  /**
   * Streams the result of a query.
   *
   * @param rows about how many rows a batch has
   */
  public void export(String sql, int rows, BatchConsumer consumer) throws IOException {
    try (ArrowResult result = database.stream(sql, allocator, rows)) {
      ArrowReader reader = result.reader();
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

  @Override
  public void close() {
    try {
      database.close();
    } catch (SQLException e) {
      throw DataErrors.database(scratch, e);
    } finally {
      allocator.close();
    }
  }
}
