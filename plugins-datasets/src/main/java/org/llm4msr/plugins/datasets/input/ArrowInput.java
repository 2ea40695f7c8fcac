package org.llm4msr.plugins.datasets.input;

import java.io.IOException;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;

/** Rows in Arrow, which a query reads once. */
public interface ArrowInput {

  /** Opens the rows from the first. */
  ArrowReader open(BufferAllocator allocator) throws IOException;
}
