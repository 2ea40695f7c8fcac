package org.llm4msr.runtime.files;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The content of a folder that something else is about to replace. It waits in a folder inside, so
 * that it can be put back while the other is not there; a process that is killed in between leaves
 * what the next one settles. For the process that holds the folder's lock.
 */
public final class SetAside {

  /** Holds the whole content. */
  private static final String WHOLE = ".replaced";

  /** Holds a part of the content, while it is moved here or back. */
  private static final String PART = WHOLE + DurableFiles.UNFINISHED;

  private final Path folder;
  private final Path whole;
  private final Path part;
  private final Set<Path> staying;

  /**
   * Names a folder whose content may be set aside.
   *
   * @param lock the name of a file in it that stays where it is
   */
  public SetAside(Path folder, String lock) {
    this.folder = folder;
    this.whole = folder.resolve(WHOLE);
    this.part = folder.resolve(PART);
    this.staying = Set.of(whole, part, folder.resolve(lock));
  }

  /** Moves the content aside; what was set aside before has been settled. */
  public void begin() throws IOException {
    Files.createDirectory(part);
    move(content(), part);
    Files.move(part, whole, ATOMIC_MOVE);
  }

  /**
   * Deletes what is set aside, or puts it back; does nothing where nothing is.
   *
   * @param replaced whether what came instead is kept
   */
  public void settle(boolean replaced) throws IOException {
    if (Files.exists(whole)) {
      if (replaced) {
        DurableFiles.delete(whole);
        return;
      }
      for (Path path : content()) {
        DurableFiles.delete(path);
      }
      Files.move(whole, part, ATOMIC_MOVE);
    }
    if (Files.exists(part)) {
      try (Stream<Path> paths = Files.list(part)) {
        move(paths.toList(), folder);
      }
      Files.delete(part);
    }
  }

  private List<Path> content() throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.filter(path -> !staying.contains(path)).toList();
    }
  }

  private static void move(List<Path> paths, Path target) throws IOException {
    for (Path path : paths) {
      Files.move(path, target.resolve(path.getFileName()), ATOMIC_MOVE);
    }
  }
}
