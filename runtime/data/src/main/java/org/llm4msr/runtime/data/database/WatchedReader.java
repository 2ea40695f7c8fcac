package org.llm4msr.runtime.data.database;

import java.io.IOException;
import java.util.function.LongConsumer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.jspecify.annotations.Nullable;
import org.llm4msr.toolkit.arrow.ForwardingReader;

/**
 * A reader that counts rows and keeps the failure of the one inside: on its way through the C
 * stream interface an exception loses its type. The C stream closes it as well, when the database
 * releases it.
 */
public final class WatchedReader extends ForwardingReader {

  private final LongConsumer rows;
  private @Nullable Throwable failure;

  public WatchedReader(ArrowReader inner, BufferAllocator allocator, LongConsumer rows) {
    super(inner, allocator);
    this.rows = rows;
  }

  /** Returns what the reader inside threw, or null. */
  public @Nullable Throwable failure() {
    return failure;
  }

  @Override
  public boolean loadNextBatch() throws IOException {
    try {
      boolean more = super.loadNextBatch();
      if (more) {
        rows.accept(getVectorSchemaRoot().getRowCount());
      }
      return more;
    } catch (IOException | RuntimeException | Error e) {
      failure = e;
      throw e;
    }
  }
}
