package org.llm4msr.server.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The parts of a log: {@code MODEL/TIME-RANDOM.arrow}, so that names have the order of time, and
 * several servers may share a folder. A part that is being written has the suffix {@code .part};
 * what a killed server leaves of it is not read, and deleted with old parts.
 */
final class LogFolder {

  private static final String SUFFIX = ".arrow";
  private static final String UNFINISHED = ".part";
  private static final Pattern NAMES =
      Pattern.compile("\\d{8}T\\d{9}Z-[0-9a-f]{8}\\.arrow(\\.part)?");
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmssSSS'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  /** A folder, and one for each model in it. */
  private static final int DEPTH = 2;

  private final Path folder;
  private final long keep;

  /**
   * Keeps a folder small.
   *
   * @param keep bytes beyond which the oldest files are deleted
   */
  LogFolder(Path folder, long keep) {
    this.folder = folder;
    this.keep = keep;
  }

  /** Returns the file of a part that begins now. */
  Path next(String model) throws IOException {
    Path own = Files.createDirectories(folder.resolve(model));
    String random = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
    return own.resolve(TIME.format(Instant.now()) + "-" + random + SUFFIX);
  }

  /** Returns the name of a file that is not complete. */
  static Path unfinished(Path file) {
    return file.resolveSibling(file.getFileName() + UNFINISHED);
  }

  /** Returns the complete parts below a folder, or the one that is given; the oldest first. */
  static List<Path> parts(Path log) throws IOException {
    return files(log).stream().filter(file -> file.toString().endsWith(SUFFIX)).toList();
  }

  private static List<Path> files(Path log) throws IOException {
    try (Stream<Path> files = Files.walk(log, DEPTH)) {
      return files
          .filter(file -> NAMES.matcher(name(file)).matches() && Files.isRegularFile(file))
          .sorted(Comparator.comparing(LogFolder::name))
          .toList();
    }
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }

  /** Deletes the oldest files, but none that is being written. */
  void shorten(Set<Path> open) throws IOException {
    List<Path> files = files(folder);
    long bytes = 0;
    for (Path file : files) {
      bytes += size(file);
    }
    for (Path file : files) {
      if (bytes > keep && !open.contains(file)) {
        bytes -= size(file);
        Files.deleteIfExists(file);
      }
    }
  }

  private static long size(Path file) throws IOException {
    try {
      return Files.size(file);
    } catch (NoSuchFileException e) {
      return 0; // Another server deletes as well.
    }
  }
}
