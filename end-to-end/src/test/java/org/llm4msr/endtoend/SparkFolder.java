package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

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

  /** A JVM that lives for seconds is faster without the second compiler. */
  private static final String SHORT = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

  private static final String MAIN = "org/llm4msr/spark/Main.class";

  private SparkFolder() {}

  /**
   * Writes the folder.
   *
   * @return the environment of a command that uses it
   */
  static Map<String, String> write(Path folder) throws IOException {
    Path root = Path.of(System.getProperty("llm4msr.root"));
    assertThat(root.resolve("spark/jars/target/classpath.txt"))
        .as("written by the build of spark/jars")
        .exists();
    Path script = root.resolve("examples/spark/spark-home.sh");
    Process process =
        new ProcessBuilder("bash", script.toString(), folder.toString()).inheritIO().start();
    assertThat(process.onExit().join().exitValue()).isZero();
    Files.writeString(
        Files.createDirectories(folder.resolve("conf")).resolve("spark-defaults.conf"),
        "spark.executor.extraJavaOptions " + SHORT + "\n");
    return Map.of(
        "SPARK_HOME",
        folder.toString(),
        "SPARK_CONF_DIR",
        folder.resolve("conf").toString(),
        "SPARK_SUBMIT_OPTS",
        SHORT,
        "SPARK_LOCAL_IP",
        "127.0.0.1");
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

  /** Returns whether a process is an executor. */
  static boolean isExecutor(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"))
          .contains("CoarseGrainedExecutorBackend");
    } catch (IOException e) {
      return false; // It has just ended.
    }
  }
}
