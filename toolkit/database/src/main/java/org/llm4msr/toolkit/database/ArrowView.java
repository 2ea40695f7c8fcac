package org.llm4msr.toolkit.database;

import static java.util.concurrent.TimeUnit.SECONDS;

import java.io.IOException;
import java.sql.SQLException;
import java.util.concurrent.locks.LockSupport;
import org.apache.arrow.c.ArrowArrayStream;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.BufferAllocator;
import org.llm4msr.api.Stability;

/** What a query reads of an Arrow reader; closed after the query. */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class ArrowView implements AutoCloseable {

  private final Database database;
  private final String name;
  private final BufferAllocator own;
  private final ArrowArrayStream stream;

  private ArrowView(Database database, String name, BufferAllocator own, ArrowArrayStream stream) {
    this.database = database;
    this.name = name;
    this.own = own;
    this.stream = stream;
  }

  static ArrowView open(
      Database database, String name, Database.ArrowSource source, BufferAllocator allocator)
      throws IOException {
    BufferAllocator own = allocator.newChildAllocator(name, 0, Long.MAX_VALUE);
    try {
      ArrowArrayStream stream = ArrowArrayStream.allocateNew(own);
      try {
        Data.exportArrayStream(own, source.open(own), stream);
        return new ArrowView(database, name, own, stream);
      } catch (IOException | RuntimeException e) {
        stream.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      own.close();
      throw e;
    }
  }

  ArrowArrayStream stream() {
    return stream;
  }

  /** If the database has begun to read, it ends the stream itself, on its own thread. */
  @Override
  public void close() throws SQLException {
    if (stream.snapshot().release != 0) {
      stream.release();
    }
    stream.close();
    // A statement also cancels a query whose rows were not all fetched.
    try (own) {
      database.execute("DROP VIEW IF EXISTS " + SqlText.identifier(name));
      long end = System.nanoTime() + SECONDS.toNanos(5);
      while (own.getAllocatedMemory() > 0 && System.nanoTime() < end) {
        LockSupport.parkNanos(1_000_000);
      }
    }
  }
}
