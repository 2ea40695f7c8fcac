package org.llm4msr.runtime.files;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Keeps a folder for one writer, in this process or another. The death of its holder frees it. */
public final class FolderLock implements AutoCloseable {

  /**
   * What this process holds. Closing any channel on a file releases the locks that the process has
   * on it, so a file with such a lock must not be opened for a check.
   */
  private static final Set<Path> HELD = new HashSet<>();

  private final Path file;
  private final FileChannel channel;

  private FolderLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Takes the lock, or returns null if somebody else holds it.
   *
   * @param file made if there is none, and left there
   */
  public static @Nullable FolderLock tryTake(Path file) throws IOException {
    synchronized (HELD) {
      if (isHeldHere(file)) {
        return null;
      }
      FileChannel channel = FileChannel.open(file, CREATE, WRITE);
      try {
        if (channel.tryLock() != null) {
          FolderLock lock = new FolderLock(file.toRealPath(), channel);
          HELD.add(lock.file);
          return lock;
        }
      } catch (OverlappingFileLockException e) {
        // Held by another copy of this class in the process.
      } catch (IOException e) {
        channel.close();
        throw e;
      }
      channel.close();
      return null;
    }
  }

  private static boolean isHeldHere(Path file) throws IOException {
    return Files.exists(file) && HELD.contains(file.toRealPath());
  }

  /** Returns whether somebody holds the lock of a file. */
  public static boolean isHeld(Path file) throws IOException {
    synchronized (HELD) {
      if (isHeldHere(file)) {
        return true;
      }
      try (FileChannel channel = FileChannel.open(file, READ);
          FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true)) {
        return lock == null;
      } catch (OverlappingFileLockException e) {
        return true;
      } catch (NoSuchFileException e) {
        return false;
      }
    }
  }

  @Override
  public void close() {
    synchronized (HELD) {
      HELD.remove(file);
      try {
        channel.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
