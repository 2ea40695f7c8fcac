package org.llm4msr.plugins.datasets.sql;

import java.io.IOException;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.MsrException;
import org.llm4msr.toolkit.arrow.ForwardingReader;

/** The batches of a running query. Its failures become errors that name file, line and value. */
final class QueryReader extends ForwardingReader {

  private final Runnable release;
  private final Function<Exception, MsrException> translation;
  private boolean closed;

  /**
   * @param release closes the batches and their sources
   */
  QueryReader(
      ArrowReader batches,
      Runnable release,
      BufferAllocator allocator,
      Function<Exception, MsrException> translation) {
    super(batches, allocator);
    this.release = release;
    this.translation = translation;
  }

  @Override
  public boolean loadNextBatch() {
    try {
      return super.loadNextBatch();
    } catch (IOException | RuntimeException e) {
      throw translation.apply(e);
    }
  }

  @Override
  public void close(boolean closeSource) {
    if (!closed) {
      closed = true;
      release.run();
    }
  }
}
