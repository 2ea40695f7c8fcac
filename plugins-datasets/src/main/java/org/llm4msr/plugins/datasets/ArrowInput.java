package org.llm4msr.plugins.datasets;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.support.ArrowRows;

/**
 * A file in an Arrow IPC format, which a query reads under a name.
 *
 * @param name the name in SQL
 */
record ArrowInput(Path file, String name) {

  ArrowReader open(BufferAllocator allocator) throws IOException {
    return ArrowRows.open(file, allocator);
  }
}
