package org.llm4msr.plugins.datasets.input;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.toolkit.arrow.ArrowRows;

/** A file in an Arrow IPC format. */
public record ArrowFileInput(Path file) implements ArrowInput {

  @Override
  public ArrowReader open(BufferAllocator allocator) throws IOException {
    return ArrowRows.open(file, allocator);
  }
}
