package org.llm4msr.runtime.data;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * A reader that counts rows and keeps the failure of the one inside: on its way through the C
 * stream interface an exception loses its type.
 */
final class WatchedReader extends ArrowReader {

  private final ArrowReader inner;
  private final LongConsumer rows;
  private @Nullable Throwable failure;
  private boolean closed;

  WatchedReader(ArrowReader inner, BufferAllocator allocator, LongConsumer rows) {
    super(allocator);
    this.inner = inner;
    this.rows = rows;
  }

  /** Returns what the reader inside threw, or null. */
  @Nullable Throwable failure() {
    return failure;
  }

  @Override
  public VectorSchemaRoot getVectorSchemaRoot() throws IOException {
    return inner.getVectorSchemaRoot();
  }

  @Override
  public Map<Long, Dictionary> getDictionaryVectors() throws IOException {
    return inner.getDictionaryVectors();
  }

  @Override
  public @Nullable Dictionary lookup(long id) {
    return inner.lookup(id);
  }

  @Override
  public Set<Long> getDictionaryIds() {
    return inner.getDictionaryIds();
  }

  @Override
  public boolean loadNextBatch() throws IOException {
    try {
      boolean more = inner.loadNextBatch();
      if (more) {
        rows.accept(inner.getVectorSchemaRoot().getRowCount());
      }
      return more;
    } catch (IOException | RuntimeException | Error e) {
      failure = e;
      throw e;
    }
  }

  @Override
  public long bytesRead() {
    return inner.bytesRead();
  }

  @Override
  public void close() throws IOException {
    close(true);
  }

  @Override
  public void close(boolean closeSource) throws IOException {
    // The C stream closes it as well, when the database lets go of it.
    if (!closed) {
      closed = true;
      inner.close(closeSource);
    }
  }

  @Override
  protected void closeReadSource() {}

  @Override
  protected Schema readSchema() throws IOException {
    return inner.getVectorSchemaRoot().getSchema();
  }
}
