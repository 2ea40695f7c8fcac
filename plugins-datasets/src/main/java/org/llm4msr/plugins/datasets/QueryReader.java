package org.llm4msr.plugins.datasets;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;

/** The batches of a running query. Its failures become errors that name file, line and value. */
final class QueryReader extends ArrowReader {

  private final ArrowReader batches;
  private final Runnable release;
  private final Function<Exception, MsrException> translation;
  private boolean closed;

  QueryReader(
      ArrowReader batches,
      Runnable release,
      BufferAllocator allocator,
      Function<Exception, MsrException> translation) {
    super(allocator);
    this.batches = batches;
    this.release = release;
    this.translation = translation;
  }

  @Override
  public VectorSchemaRoot getVectorSchemaRoot() throws IOException {
    return batches.getVectorSchemaRoot();
  }

  @Override
  public Map<Long, Dictionary> getDictionaryVectors() throws IOException {
    return batches.getDictionaryVectors();
  }

  @Override
  public @Nullable Dictionary lookup(long id) {
    return batches.lookup(id);
  }

  @Override
  public Set<Long> getDictionaryIds() {
    return batches.getDictionaryIds();
  }

  @Override
  public boolean loadNextBatch() {
    try {
      return batches.loadNextBatch();
    } catch (IOException | RuntimeException e) {
      throw translation.apply(e);
    }
  }

  @Override
  public long bytesRead() {
    return batches.bytesRead();
  }

  @Override
  public void close() {
    close(true);
  }

  @Override
  public void close(boolean closeSource) {
    if (!closed) {
      closed = true;
      release.run();
    }
  }

  @Override
  protected void closeReadSource() {}

  @Override
  protected Schema readSchema() throws IOException {
    return batches.getVectorSchemaRoot().getSchema();
  }
}
