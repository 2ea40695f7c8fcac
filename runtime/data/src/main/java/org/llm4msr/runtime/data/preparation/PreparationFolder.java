package org.llm4msr.runtime.data.preparation;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.files.Checksums;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FolderLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The temporary folder of one preparation, beside its target. The lock that a running preparation
 * holds distinguishes its folder from that of a killed one, which the next preparation deletes.
 */
final class PreparationFolder implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(PreparationFolder.class);
  private static final String LOCK = "lock";

  private final Path target;
  private final Path folder;
  private final FolderLock lock;

  private PreparationFolder(Path target, Path folder, FolderLock lock) {
    this.target = target;
    this.folder = folder;
    this.lock = lock;
  }

  static PreparationFolder create(Path target) throws IOException {
    Path parent = target.toAbsolutePath().getParent();
    if (parent == null) {
      throw DataErrors.user("BAD_TARGET", target + " cannot be a folder of prepared data.");
    }
    Files.createDirectories(parent);
    deleteStale(target);
    Path folder = Files.createTempDirectory(parent, prefix(target));
    FolderLock lock =
        requireNonNull(FolderLock.tryTake(folder.resolve(LOCK)), "nobody knows the new folder");
    Files.createDirectories(folder.resolve("data/vocabulary"));
    Files.createDirectory(folder.resolve("scratch"));
    return new PreparationFolder(target, folder, lock);
  }

  private static String prefix(Path target) {
    return target.getFileName() + ".tmp-";
  }

  /** Deletes what killed preparations left beside a target, where the folder can be written. */
  static void deleteStale(Path target) throws IOException {
    Path parent = target.toAbsolutePath().getParent();
    if (parent == null || !Files.isWritable(parent)) {
      return;
    }
    try (DirectoryStream<Path> found = Files.newDirectoryStream(parent, prefix(target) + "*")) {
      for (Path old : found) {
        if (!FolderLock.isHeld(old.resolve(LOCK))) {
          LOG.info("Deleting {}, left behind by a preparation that was stopped", old);
          DurableFiles.delete(old);
        }
      }
    }
  }

  /** Returns where the prepared files are written. */
  Path data() {
    return folder.resolve("data");
  }

  /** Returns where the database works. */
  Path scratch() {
    return folder.resolve("scratch");
  }

  /** Moves the finished files to the target; what was there goes with the temporary folder. */
  void publish() throws IOException {
    sync(data().resolve("vocabulary"));
    sync(data());
    if (Files.exists(target)) {
      Files.move(target, folder.resolve("replaced"), StandardCopyOption.ATOMIC_MOVE);
    }
    Files.move(data(), target, StandardCopyOption.ATOMIC_MOVE);
    sync(target.toAbsolutePath().getParent());
  }

  /** Writes a small file whole. */
  static DatasetManifest.FileStamp write(Path file, byte[] content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.wrap(content);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
    return new DatasetManifest.FileStamp(content.length, Checksums.of(content));
  }

  private static void sync(@Nullable Path directory) throws IOException {
    if (directory == null) {
      return;
    }
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Windows cannot open a folder; a rename there needs no sync.
      LOG.debug("No sync of {}", directory, e);
    }
  }

  @Override
  public void close() throws IOException {
    lock.close();
    DurableFiles.delete(folder);
  }
}
