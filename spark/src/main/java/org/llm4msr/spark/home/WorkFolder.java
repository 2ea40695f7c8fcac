package org.llm4msr.spark.home;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.SparkEnv;

/**
 * A folder of this process that goes when its work is done. It lies in a folder of Spark, which
 * deletes that of a process that was killed.
 */
public record WorkFolder(Path path) implements AutoCloseable {

  /** Makes an empty one, in the first of the folders of {@code spark.local.dir}. */
  public static WorkFolder make() {
    String parent = SparkEnv.get().blockManager().diskBlockManager().localDirsString()[0];
    try {
      return new WorkFolder(Files.createTempDirectory(Path.of(parent), "llm4msr-"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Makes an empty folder in it. */
  public Path folder(String name) throws IOException {
    return Files.createDirectory(path.resolve(name));
  }

  @Override
  public void close() {
    try (Stream<Path> all = Files.walk(path)) {
      List<Path> deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
