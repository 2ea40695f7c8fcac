package org.llm4msr.toolkit.arrow;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;

/** A reader that forwards every call to another one; closed twice, it closes the other once. */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public class ForwardingReader extends ArrowReader {

  private final ArrowReader inner;
  private boolean closed;

  /** Makes a reader that owns {@code inner}. */
  protected ForwardingReader(ArrowReader inner, BufferAllocator allocator) {
    super(allocator);
    this.inner = inner;
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
    return inner.loadNextBatch();
  }

  @Override
  public long bytesRead() {
    return inner.bytesRead();
  }

  @Override
  public final void close() throws IOException {
    close(true);
  }

  @Override
  public void close(boolean closeSource) throws IOException {
    if (!closed) {
      closed = true;
      inner.close(closeSource);
    }
  }

  @Override
  protected final void closeReadSource() {}

  @Override
  protected final Schema readSchema() throws IOException {
    return inner.getVectorSchemaRoot().getSchema();
  }
}
