package org.llm4msr.plugins.datasets.sql;

import java.io.IOException;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.toolkit.arrow.ForwardingReader;

/** Remembers why an input of a query could not be read. */
final class FailingReader extends ForwardingReader {

  private volatile @Nullable MsrException failure;

  FailingReader(ArrowReader rows, BufferAllocator allocator) {
    super(rows, allocator);
  }

  @Override
  public boolean loadNextBatch() throws IOException {
    try {
      return super.loadNextBatch();
    } catch (MsrException e) {
      failure = e;
      throw e;
    }
  }

  Optional<MsrException> failure() {
    return Optional.ofNullable(failure);
  }
}
