package org.llm4msr.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Optional;

/** The outline of a checkout: the launcher, and what it looks at, taken for built. */
final class Checkout {

  private static final FileTime LONG_AGO = FileTime.from(Instant.parse("2020-01-01T00:00:00Z"));

  private Checkout() {}

  /** Writes the outline of a checkout that runs what is tested; returns the launcher. */
  static Path write(Path root) throws IOException {
    Path launcher = write(root, Cli.classPath());
    Optional<Path> classes = ClassArchive.of(Cli.classPath());
    if (classes.isPresent()) {
      Files.copy(classes.get(), root.resolve("dist/target/launcher/llm4msr.jsa"));
    }
    return launcher;
  }

  /**
   * Writes the outline.
   *
   * @param root where it goes
   * @param classPath what the launcher is to run
   * @return the launcher
   */
  static Path write(Path root, String classPath) throws IOException {
    Path original = Path.of(System.getProperty("llm4msr.root"));
    Files.createDirectories(root);
    Path launcher = script(root.resolve("llm4msr"), Files.readString(original.resolve("llm4msr")));
    Files.copy(original.resolve("jvm.options"), root.resolve("jvm.options"));
    for (String module :
        "bom api runtime exchange tck checking plugins-backbones plugins-llm plugins-fusion plugins-features plugins-datasets dist"
            .split(" ")) {
      old(Files.createDirectories(root.resolve(module)).resolve("pom.xml"));
    }
    old(root.resolve("pom.xml"));
    Path target = Files.createDirectories(root.resolve("dist/target/launcher"));
    Files.writeString(target.resolve("classpath.txt"), classPath);
    return launcher;
  }

  private static void old(Path file) throws IOException {
    Files.writeString(file, "");
    Files.setLastModifiedTime(file, LONG_AGO);
  }

  /** Writes an executable file. */
  static Path script(Path file, String text) throws IOException {
    Files.writeString(file, text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
