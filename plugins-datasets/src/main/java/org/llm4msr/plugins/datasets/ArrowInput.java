package org.llm4msr.plugins.datasets;

import java.io.IOException;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;

/** Rows in Arrow, which a query reads under a name. */
interface ArrowInput {

  /** Returns the name in SQL. */
  String name();

  /** Opens the rows from the first. */
  ArrowReader open(BufferAllocator allocator) throws IOException;
}
