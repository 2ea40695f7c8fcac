package org.llm4msr.runtime.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads files that are small by nature: configurations and manifests, possibly from anyone. */
public final class SmallFiles {

  /** Far above the size of what we write, far below a harmful one. */
  static final long MAX_BYTES = 64L << 20;

  private SmallFiles() {}

  /**
   * Returns all bytes of a file.
   *
   * @throws FileSystemException if it is larger than 64 MiB, before more than that is read
   */
  public static byte[] read(Path file) throws IOException {
    long bytes = Files.size(file);
    if (bytes > MAX_BYTES) {
      throw tooLarge(file, "%,d bytes".formatted(bytes));
    }
    // A device states no size, and its content may never end.
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes((int) MAX_BYTES + 1);
      if (content.length > MAX_BYTES) {
        throw tooLarge(file, "no end");
      }
      return content;
    }
  }

  private static FileSystemException tooLarge(Path file, String size) {
    return new FileSystemException(
        file.toString(),
        null,
        "it has %s, and no file of its kind has more than %,d bytes".formatted(size, MAX_BYTES));
  }
}
