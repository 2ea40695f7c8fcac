package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The archive of classes that the launcher makes when it builds a checkout, which halves the start
 * of each process. Those that tests begin share one in {@code target}.
 */
final class ClassArchive {

  private ClassArchive() {}

  /**
   * Makes the archive that is missing.
   *
   * @param classPath with folders in it, as Maven has it before jars are packed, there is none
   */
  static synchronized Optional<Path> of(String classPath) throws IOException {
    List<Path> entries = Stream.of(classPath.split(File.pathSeparator)).map(Path::of).toList();
    if (!entries.stream().allMatch(Files::isRegularFile)) {
      return Optional.empty();
    }
    StringBuilder what = new StringBuilder(Cli.options());
    for (Path entry : entries) {
      what.append('\n').append(entry).append(' ').append(Files.getLastModifiedTime(entry));
    }
    UUID name = UUID.nameUUIDFromBytes(what.toString().getBytes(UTF_8));
    Path archive = Files.createDirectories(Path.of("target")).resolve(name + ".jsa");
    try (FileChannel lock =
            FileChannel.open(
                archive.resolveSibling("jsa.lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock held = lock.lock()) {
      if (held.isValid() && Files.notExists(archive)) {
        write(archive, classPath);
      }
    }
    return Optional.of(archive.toAbsolutePath());
  }

  private static void write(Path archive, String classPath) throws IOException {
    Path unfinished = archive.resolveSibling(archive.getFileName() + ".tmp");
    Path options = Path.of(System.getProperty("llm4msr.root")).resolve("jvm.options");
    List<String> command =
        Stream.of(
                Stream.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()),
                Stream.of("@" + options, "-XX:ArchiveClassesAtExit=" + unfinished),
                Stream.of("-Xlog:cds=off", "-Xlog:cds+dynamic=off"),
                Stream.of(Cli.options().split(" ")),
                Stream.of("-cp", classPath, "org.llm4msr.cli.Main", "plugins", "list"))
            .flatMap(part -> part)
            .toList();
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      if (!process.waitFor(2, TimeUnit.MINUTES) || process.exitValue() != 0) {
        throw new IOException("no archive of classes: " + String.join(" ", command));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
    Files.move(unfinished, archive, StandardCopyOption.ATOMIC_MOVE);
  }
}
