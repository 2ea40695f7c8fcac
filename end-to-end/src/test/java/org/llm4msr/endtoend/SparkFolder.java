package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;

/** Spark as it is unpacked, made of the jars that Maven has: jars and spark-submit. */
final class SparkFolder {

  /** Settings with which a small cluster of this machine starts at once. */
  static final List<String> LOOPBACK =
      List.of(
          "spark.ui.enabled=false",
          "spark.driver.host=127.0.0.1",
          "spark.driver.bindAddress=127.0.0.1",
          "spark.scheduler.minRegisteredResourcesRatio=1");

  private static final String MAIN = "org/llm4msr/spark/Main.class";

  /** What Spark's own scripts add to the line of a JVM. */
  private static final List<String> OPENED =
      List.of(
          "java.lang",
          "java.lang.invoke",
          "java.lang.reflect",
          "java.io",
          "java.net",
          "java.nio",
          "java.util",
          "java.util.concurrent",
          "java.util.concurrent.atomic",
          "jdk.internal.ref",
          "sun.nio.ch",
          "sun.nio.cs",
          "sun.security.action",
          "sun.util.calendar");

  private SparkFolder() {}

  /**
   * Writes the folder.
   *
   * @return the environment of a command that uses it
   */
  static Map<String, String> write(Path folder) throws IOException {
    Path list =
        Path.of(System.getProperty("llm4msr.root"), "spark", "jars", "target", "classpath.txt");
    assertThat(list).as("written by the build of spark/jars").exists();
    Path jars = Files.createDirectories(folder.resolve("jars"));
    for (String jar : Files.readString(list).strip().split(File.pathSeparator)) {
      Files.createSymbolicLink(jars.resolve(Path.of(jar).getFileName()), Path.of(jar));
    }
    StringBuilder options = new StringBuilder("-Xmx512m -Djdk.reflect.useDirectMethodHandle=false");
    OPENED.forEach(
        name -> options.append(" --add-opens=java.base/").append(name).append("=ALL-UNNAMED"));
    Checkout.script(
        Files.createDirectories(folder.resolve("bin")).resolve("spark-submit"),
        """
        #!/usr/bin/env bash
        exec "$JAVA_HOME/bin/java" %s -cp "$SPARK_HOME/jars/*${HADOOP_CONF_DIR:+:$HADOOP_CONF_DIR}" org.apache.spark.deploy.SparkSubmit "$@"
        """
            .formatted(options));
    return Map.of(
        "SPARK_HOME", folder.toString(),
        "SPARK_SCALA_VERSION", "2.13",
        "SPARK_LOCAL_IP", "127.0.0.1");
  }

  /** Puts the application's jar, which lies on the class path of the tests, into a folder. */
  static void writeApplication(Path folder) throws IOException {
    Path jar = Files.createDirectories(folder).resolve("llm4msr-spark.jar");
    URL main = SparkFolder.class.getClassLoader().getResource(MAIN);
    URLConnection opened = main.openConnection();
    if (opened instanceof JarURLConnection ofJar) {
      Files.copy(Path.of(ofJar.getJarFile().getName()), jar);
      return;
    }
    Path root = Path.of(main.getPath().replace("/" + MAIN, ""));
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream archive = new JarOutputStream(out);
        Stream<Path> classes = Files.walk(root.resolve("org/llm4msr/spark"))) {
      for (Path file : classes.filter(Files::isRegularFile).toList()) {
        archive.putNextEntry(new ZipEntry(root.relativize(file).toString()));
        Files.copy(file, archive);
        archive.closeEntry();
      }
    }
  }

  /** Kills an executor of a command; returns false where there is none. */
  static boolean killExecutor(Cli.Running running) {
    return running
        .process()
        .descendants()
        .filter(SparkFolder::isExecutor)
        .findFirst()
        .map(ProcessHandle::destroyForcibly)
        .orElse(false);
  }

  private static boolean isExecutor(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"))
          .contains("CoarseGrainedExecutorBackend");
    } catch (IOException e) {
      return false; // It has just ended.
    }
  }
}
