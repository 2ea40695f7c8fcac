package org.llm4msr.runtime.files;

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
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Writes files that appear complete or not at all, whenever the process or the machine stops. */
public final class DurableFiles {

  /** Suffix of the names of files and folders that are being written. */
  public static final String UNFINISHED = ".tmp";

  private DurableFiles() {}

  /** Returns the name under which a file or folder is written. */
  public static Path unfinished(Path file) {
    return file.resolveSibling(file.getFileName() + UNFINISHED);
  }

  /** Writes a small file. A failure leaves only what was there before. */
  public static void write(Path file, byte[] content) throws IOException {
    Path unfinished = unfinished(file);
    try (FileChannel channel = FileChannel.open(unfinished, CREATE, WRITE, TRUNCATE_EXISTING)) {
      ByteBuffer buffer = ByteBuffer.wrap(content);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    } catch (IOException e) {
      discard(unfinished, e);
      throw e;
    }
    publish(file);
  }

  /** Renames a file or folder that was written and forced under its unfinished name. */
  public static void publish(Path file) throws IOException {
    Files.move(unfinished(file), file, ATOMIC_MOVE, REPLACE_EXISTING);
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      forceFolder(folder);
    }
  }

  /** Copies a file to the disk under a name that is not taken. */
  public static void copy(Path file, Path target) throws IOException {
    Files.copy(file, target);
    force(target);
  }

  /** Forces what was written to a file to the disk. */
  public static void force(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, READ)) {
      channel.force(true);
    }
  }

  /** Forces the entries of a folder to the disk. */
  public static void forceFolder(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Not every system can open a folder; there the rename is as durable as the system makes it.
    }
  }

  /** Deletes a file, or a folder and everything in it, if it exists. */
  public static void delete(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    List<Path> deepestFirst;
    try (Stream<Path> files = Files.walk(root)) {
      deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : deepestFirst) {
      Files.deleteIfExists(file);
    }
  }

  /** Deletes what a failed attempt left; only the failure of the attempt is reported. */
  public static void discard(Path root, Throwable cause) {
    try {
      delete(root);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }
}
