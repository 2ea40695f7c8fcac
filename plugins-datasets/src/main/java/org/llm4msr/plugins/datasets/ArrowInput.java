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
  private static final byte[] STREAM_MAGIC = {-1, -1, -1, -1};

  /**
   * Opens the file, whichever of the two formats it has. What has neither is refused here: the
   * reader of streams would take its first bytes for the length of a message, and allocate it.
   */
  ArrowReader open(BufferAllocator allocator) throws IOException {
    byte[] begin = begin();
    if (begin.length == FILE_MAGIC.length && Arrays.equals(begin, FILE_MAGIC)) {
      return new ArrowFileReader(FileChannel.open(file), allocator);
    }
    if (Arrays.mismatch(begin, STREAM_MAGIC) != STREAM_MAGIC.length) {
      throw new IOException("it is neither an Arrow IPC file nor an Arrow IPC stream");
    }
    return new ArrowStreamReader(
        new BufferedInputStream(Files.newInputStream(file), 1 << 20), allocator);
  }

  private byte[] begin() throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(FILE_MAGIC.length);
    }
  }
}
