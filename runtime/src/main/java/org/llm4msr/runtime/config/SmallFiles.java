package org.llm4msr.runtime.config;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads files that are small by nature: configurations and manifests, which may be anyone's. */
public final class SmallFiles {

  /** Far above what we write, far below what would hurt. */
  static final long MAX_BYTES = 64L << 20;

  private SmallFiles() {}

  /**
   * Returns all bytes of a file.
   *
   * @throws FileSystemException where it is larger than 64 MiB, before anything is read
   */
  public static byte[] read(Path file) throws IOException {
    long bytes = Files.size(file);
    if (bytes > MAX_BYTES) {
      throw new FileSystemException(
          file.toString(),
          null,
          "it has %,d bytes, and no file of its kind has more than %,d"
              .formatted(bytes, MAX_BYTES));
    }
    return Files.readAllBytes(file);
  }
}
