package org.llm4msr.cli.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * What the launcher says of this installation.
 *
 * @param home its folder; null where no launcher runs
 * @param application the jar that Spark runs
 */
record Installation(@Nullable Path home, Path application) {

  /** The system property with the folder of the application's jar. */
  static final String APPLICATION = "llm4msr.spark";

  /** The system property with the folder of the installation. */
  static final String HOME = "llm4msr.home";

  /**
   * Returns this one.
   *
   * @throws MsrException {@code spark/NO_APPLICATION} if the jar is missing
   */
  static Installation here() {
    String folder = System.getProperty(APPLICATION, "");
    String home = System.getProperty(HOME);
    List<Path> jars = folder.isEmpty() ? List.of() : jars(Path.of(folder));
    if (jars.isEmpty()) {
      throw new MsrException(
          ErrorType.USER,
          "spark/NO_APPLICATION",
          "The jar that Spark runs is missing: %s. Run it by the launcher llm4msr; in an archive, unpack that again; in a checkout, remove dist/target/launcher/classpath.txt, so that the launcher builds it."
              .formatted(
                  folder.isEmpty()
                      ? "-D" + APPLICATION + " is not set"
                      : folder + " has no llm4msr-spark.jar"));
    }
    return new Installation(home == null ? null : Path.of(home).toAbsolutePath(), jars.get(0));
  }

  /** A release leaves jars of sources there, too. */
  private static List<Path> jars(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().matches("llm4msr-spark.*\\.jar"))
          .filter(file -> !file.toString().matches(".*-(sources|javadoc)\\.jar"))
          .map(Path::toAbsolutePath)
          .sorted()
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}
