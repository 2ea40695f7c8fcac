package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The command line in a process of its own, begun by the launcher as a user begins it. */
final class Cli {

  private static final int MINUTES = 10;

  private final Path folder;
  private final Path launcher;
  private int calls;

  /**
   * Makes a command line.
   *
   * @param folder gets a launcher, and what commands print
   */
  Cli(Path folder) throws IOException {
    this.folder = folder;
    this.launcher = Checkout.write(folder.resolve("checkout"));
  }

  /** Returns the jars that tests run with; folders, too, where Maven has packed no jars yet. */
  static String classPath() {
    List<String> entries =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> Files.exists(Path.of(entry)) && !entry.endsWith("/test-classes"))
            .toList();
    boolean packed = entries.stream().anyMatch(entry -> entry.matches(".*/llm4msr-dist-.*[.]jar"));
    return entries.stream()
        .filter(entry -> !packed || Files.isRegularFile(Path.of(entry)))
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** What a command said. */
  record Outcome(int code, String out, String err) {}

  /** A command that runs. */
  record Running(Process process, Path out, Path err) {

    /** Waits for the end. */
    Outcome await() throws IOException, InterruptedException {
      assertThat(process.waitFor(MINUTES, TimeUnit.MINUTES)).as("ends").isTrue();
      return new Outcome(
          process.exitValue(), Files.readString(out, UTF_8), Files.readString(err, UTF_8));
    }

    /** Returns whether the process has a file open whose name ends so. */
    boolean opened(String end) throws IOException {
      try (Stream<Path> files = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
        return files.anyMatch(file -> target(file).endsWith(end));
      } catch (NoSuchFileException | UncheckedIOException e) {
        return false; // It has just ended.
      }
    }

    private static String target(Path link) {
      try {
        return Files.readSymbolicLink(link).toString();
      } catch (IOException e) {
        return ""; // Closed meanwhile.
      }
    }

    /** Sends SIGKILL; returns whether there was something left to kill. */
    boolean kill() throws InterruptedException {
      process.destroyForcibly();
      return process.waitFor() == 128 + 9;
    }
  }

  /**
   * Returns the options of the JVM, whose compiler and collector are those of the tests; the kit,
   * which is on the class path as well, says something else of logging.
   */
  static String options() {
    return Stream.concat(
            Stream.of(
                "-Xmx1g", "-Dlogback.configurationFile=" + Cli.class.getResource("/logback.xml")),
            ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> option.matches("-XX:(TieredStopAtLevel=|.Use.*GC).*")))
        .collect(Collectors.joining(" "));
  }

  /** Runs a command to its end. */
  Outcome run(String... arguments) throws IOException, InterruptedException {
    return start(arguments).await();
  }

  /** Starts a command. */
  Running start(String... arguments) throws IOException {
    return start(List.of(), arguments);
  }

  /** Starts a command with more variables of the environment. */
  Running start(Map<String, String> environment, String... arguments) throws IOException {
    return start(List.of(), environment, arguments);
  }

  /**
   * Starts a command under another.
   *
   * @param prefix runs what follows it, such as {@code nice}
   */
  Running start(List<String> prefix, String... arguments) throws IOException {
    return start(prefix, Map.of(), arguments);
  }

  private Running start(List<String> prefix, Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.add(launcher.toString());
    command.addAll(List.of(arguments));
    Path out = folder.resolve("stdout-" + ++calls);
    Path err = folder.resolve("stderr-" + calls);
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("LLM4MSR_JAVA_OPTS", options());
    builder.environment().putAll(environment);
    return new Running(
        builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start(), out, err);
  }
}
