package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;

/** The jars that the launcher runs. */
class ClassPathTest {

  private static final Path DEPENDENCIES =
      Path.of(System.getProperty("llm4msr.root"), "dist/target/dependencies.txt");

  @Test
  void noClassIsInTwoJars() throws IOException {
    Map<String, List<String>> jarsOfClass = new TreeMap<>();
    for (String jar : Files.readString(DEPENDENCIES).split(File.pathSeparator)) {
      for (String type : classes(Path.of(jar))) {
        jarsOfClass.computeIfAbsent(type, name -> new ArrayList<>()).add(jar);
      }
    }
    assertThat(jarsOfClass).containsKeys("io/grpc/Server.class", "io/netty/buffer/ByteBuf.class");

    jarsOfClass.values().removeIf(jars -> jars.size() == 1);
    assertThat(jarsOfClass).isEmpty();
  }

  /** They are in the way of plugins, and of those who embed the runtime. */
  @Test
  void whatChecksPluginsOrRunsOnSparkIsNotOnTheClassPath() throws IOException {
    assertThat(Files.readString(DEPENDENCIES).split(File.pathSeparator))
        .noneMatch(
            jar ->
                jar.matches(
                    ".*/(junit-|assertj-|llm4msr-tck|llm4msr-checking|tck/|checking/).*"
                        + "|.*/(llm4msr-spark|spark-|scala-library)[^/]*"));
  }

  /** Modules may be folders, as in {@code mvn test}; they have packages of their own. */
  private static List<String> classes(Path jar) throws IOException {
    if (Files.isDirectory(jar)) {
      return List.of();
    }
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.stream()
          .map(entry -> entry.getName())
          .filter(name -> name.endsWith(".class"))
          .filter(name -> !name.startsWith("META-INF/") && !name.equals("module-info.class"))
          .toList();
    }
  }
}
