package org.llm4msr.runtime.knowledge;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files that appear whole or not at all, whenever the process or the machine stops. */
final class DurableFiles {

  /** End of the names of files that are being written. */
  static final String UNFINISHED = ".tmp";

  private DurableFiles() {}

  /** Returns the name under which a file is written. */
  static Path unfinished(Path file) {
    return file.resolveSibling(file.getFileName() + UNFINISHED);
  }

  /** Writes a small file. */
  static void write(Path file, byte[] content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(unfinished(file), CREATE, WRITE, TRUNCATE_EXISTING)) {
      ByteBuffer buffer = ByteBuffer.wrap(content);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
    publish(file);
  }

  /** Gives a file that was written and forced under its unfinished name its own. */
  static void publish(Path file) throws IOException {
    Files.move(unfinished(file), file, ATOMIC_MOVE, REPLACE_EXISTING);
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      forceFolder(folder);
    }
  }

  private static void forceFolder(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Not every system can open a folder; there the rename is as durable as the system makes it.
    }
  }
}
