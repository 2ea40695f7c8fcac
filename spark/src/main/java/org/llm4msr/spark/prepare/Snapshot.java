package org.llm4msr.spark.prepare;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.spark.home.WorkFolder;

/**
 * A file with what was learned, which all nodes read: in the staging folder or, where that is a
 * URL, in a copy of each process, which lives until the next one is needed.
 *
 * @param name in the staging folder
 */
record Snapshot(Staging staging, String name) implements Serializable {

  private static @Nullable WorkFolder folder;
  private static @Nullable String copied;
  private static @Nullable Path copy;

  /** Takes a file of the driver, which then is gone. */
  static Snapshot of(Path file, Staging staging, String name) throws IOException {
    staging.put(file, name);
    return new Snapshot(staging, name);
  }

  /** Returns where this process has it. */
  Path path() throws IOException {
    return staging.isLocal() ? staging.local(name) : copy(staging, name);
  }

  private static synchronized Path copy(Staging staging, String name) throws IOException {
    String place = staging.place(name);
    if (!place.equals(copied)) {
      copied = null;
      if (folder != null) {
        folder.close();
      }
      folder = WorkFolder.make();
      copy = staging.get(name, folder.path());
      copied = place;
    }
    return requireNonNull(copy);
  }

  /** Deletes it, when no node reads it any more. */
  void delete() throws IOException {
    staging.delete(name);
  }
}
