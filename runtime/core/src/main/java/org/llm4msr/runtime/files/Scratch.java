package org.llm4msr.runtime.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetContext;

/** The folders, memory and threads for plugins that work on files. Owns its scratch folder. */
public final class Scratch implements DatasetContext, AutoCloseable {

  private final Path folder;
  private final Path scratch;
  private final long memoryBytes;
  private final int threads;
  private final boolean skipMalformed;

  /**
   * Makes an empty scratch folder.
   *
   * @param folder of the raw files, or the base of relative paths
   */
  public Scratch(Path folder, long memoryBytes, int threads) {
    this(folder, memoryBytes, threads, false);
  }

  /**
   * Makes an empty scratch folder.
   *
   * @param skipMalformed whether rows that cannot be read are skipped
   */
  public Scratch(Path folder, long memoryBytes, int threads, boolean skipMalformed) {
    this(folder, memoryBytes, threads, skipMalformed, temporary());
  }

  /**
   * Takes a scratch folder.
   *
   * @param scratch an empty folder, deleted at the end
   */
  public Scratch(Path folder, long memoryBytes, int threads, boolean skipMalformed, Path scratch) {
    this.skipMalformed = skipMalformed;
    this.folder = folder;
    this.memoryBytes = memoryBytes;
    this.threads = threads;
    this.scratch = scratch;
  }

  private static Path temporary() {
    try {
      return Files.createTempDirectory("llm4msr-");
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "files/TEMPORARY",
          "No folder for temporary files can be created in %s: %s. Make room there, fix its permissions, or choose another folder with LLM4MSR_JAVA_OPTS=-Djava.io.tmpdir=DIR."
              .formatted(System.getProperty("java.io.tmpdir"), FileErrors.reason(e)),
          e,
          true);
    }
  }

  @Override
  public Path folder() {
    return folder;
  }

  @Override
  public Path scratch() {
    return scratch;
  }

  @Override
  public long memoryBytes() {
    return memoryBytes;
  }

  @Override
  public int threads() {
    return threads;
  }

  @Override
  public boolean skipMalformed() {
    return skipMalformed;
  }

  /** Deletes the scratch folder. */
  @Override
  public void close() {
    delete(scratch);
  }

  /** Deletes a folder and all in it. */
  public static void delete(Path root) {
    try (Stream<Path> files = Files.walk(root)) {
      List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
