package org.llm4msr.plugins.llm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Removes the folder into which ONNX Runtime unpacks its libraries. ONNX Runtime asks the JVM to do
 * so, but in an order in which the folder is not yet empty, so each process would leave one behind.
 */
final class OnnxTemporaries {

  private static final Path MAPPED_FILES = Path.of("/proc/self/maps");
  private static final Pattern FOLDER = Pattern.compile("(/.*/onnxruntime-java[^/]*)/[^/]+$");
  private static final AtomicBoolean REGISTERED = new AtomicBoolean();

  private OnnxTemporaries() {}

  /** Deletes the folder when the JVM ends. Does nothing if /proc does not exist. */
  static void deleteAtExit() {
    if (Files.isReadable(MAPPED_FILES) && REGISTERED.compareAndSet(false, true)) {
      List<Path> folders = folders();
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(() -> folders.forEach(OnnxTemporaries::delete), "onnx-temporaries"));
    }
  }

  /** Returns the folders of this process: those from which it has mapped a library. */
  private static List<Path> folders() {
    try (Stream<String> lines = Files.lines(MAPPED_FILES)) {
      return lines
          .map(FOLDER::matcher)
          .filter(Matcher::find)
          .map(folder -> Path.of(folder.group(1)))
          .distinct()
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      // A folder that stays does no harm.
    }
  }
}
