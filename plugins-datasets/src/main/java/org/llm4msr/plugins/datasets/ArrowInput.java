package org.llm4msr.plugins.datasets;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.ipc.ArrowStreamReader;

/**
 * A file in an Arrow IPC format, which a query reads under a name.
 *
 * @param name the name in SQL
 */
record ArrowInput(Path file, String name) {

  private static final byte[] FILE_MAGIC = "ARROW1".getBytes(StandardCharsets.US_ASCII);

  /** Opens the file, whichever of the two formats it has. */
  ArrowReader open(BufferAllocator allocator) throws IOException {
    if (isFileFormat()) {
      return new ArrowFileReader(FileChannel.open(file), allocator);
    }
    return new ArrowStreamReader(
        new BufferedInputStream(Files.newInputStream(file), 1 << 20), allocator);
  }

  private boolean isFileFormat() throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return Arrays.equals(in.readNBytes(FILE_MAGIC.length), FILE_MAGIC);
    }
  }
}
