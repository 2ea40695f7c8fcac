package org.llm4msr.cli.check;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.plugins.check.CheckFinding;
import org.llm4msr.runtime.plugins.check.CheckStep;
import org.llm4msr.runtime.plugins.check.CheckStep.State;

/**
 * Checks plugin folders in a JVM of its own, which has the same options and class path as this one
 * and the libraries of the check behind it. No other command has these on its class path.
 */
public final class CheckProcess {

  /** The system property with the folder of the libraries. */
  public static final String LIBRARIES = "llm4msr.checking";

  private static final String MAIN = "org.llm4msr.checking.Main";
  private static final ObjectMapper JSON = new ObjectMapper();

  private CheckProcess() {}

  /**
   * Runs a check, and returns its steps; the last one failed if a plugin ended the process.
   *
   * @param arguments of the check, without the file of its report
   * @param progress gets what the process prints
   * @throws MsrException {@code cli/NO_CHECK} if the libraries are missing
   */
  public static List<CheckStep> run(Path folder, List<String> arguments, PrintStream progress)
      throws IOException, InterruptedException {
    Path report = Files.createTempFile("llm4msr-check-", ".jsonl");
    try {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      URL logging = CheckProcess.class.getResource("/logback.xml");
      if (logging != null) { // The kit has one, too.
        command.add("-Dlogback.configurationFile=" + logging);
      }
      ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
          .filter(option -> !option.startsWith("-agentlib:jdwp")) // Its port is taken.
          .forEach(command::add);
      command.addAll(List.of("-cp", classPath(), MAIN, folder.toString(), report.toString()));
      command.addAll(arguments);
      int code = await(new ProcessBuilder(command).redirectErrorStream(true).start(), progress);
      return steps(report, code);
    } finally {
      Files.delete(report);
    }
  }

  private static String classPath() throws IOException {
    List<String> entries = new ArrayList<>();
    entries.add(System.getProperty("java.class.path"));
    String place = System.getProperty(LIBRARIES, "");
    Path libraries = Path.of(place);
    if (!place.isEmpty() && Files.isDirectory(libraries)) {
      try (Stream<Path> jars = Files.list(libraries)) {
        jars.sorted().map(Path::toString).filter(jar -> jar.endsWith(".jar")).forEach(entries::add);
      }
    }
    boolean inPlace =
        CheckProcess.class.getResource("/" + MAIN.replace('.', '/') + ".class") != null;
    if (entries.size() == 1 && !inPlace) {
      throw new MsrException(
          ErrorType.USER,
          "cli/NO_CHECK",
          "The libraries of the check are missing: %s. Run it by the launcher llm4msr; in an archive, unpack that again; in a checkout, remove dist/target/launcher/classpath.txt, so that the launcher builds them."
              .formatted(
                  place.isEmpty() ? "-D" + LIBRARIES + " is not set" : place + " has no jar"));
    }
    return String.join(File.pathSeparator, entries);
  }

  private static int await(Process process, PrintStream progress) throws InterruptedException {
    Thread output = new Thread(() -> copy(process, progress), "llm4msr-check-output");
    output.setDaemon(true); // Processes that a plugin started may keep the stream open.
    output.start();
    try {
      int code = process.waitFor();
      output.join(1000);
      return code;
    } finally {
      process.destroyForcibly();
    }
  }

  private static void copy(Process process, PrintStream progress) {
    try (BufferedReader lines = process.inputReader(UTF_8)) {
      lines.lines().forEach(progress::println);
    } catch (IOException | UncheckedIOException e) {
      progress.println("The output of the check cannot be read: " + e.getMessage());
    }
  }

  private static List<CheckStep> steps(Path report, int code) throws IOException {
    List<CheckStep> steps = new ArrayList<>();
    CheckStep begun = null;
    for (String line : Files.readAllLines(report)) {
      CheckStep step = JSON.readValue(line, CheckStep.class);
      if (step.name().equals(CheckStep.END)) {
        return steps;
      }
      begun = step.state() == State.STARTED ? step : null;
      if (begun == null) {
        steps.add(step);
      }
    }
    steps.add(ended(begun, code));
    return steps;
  }

  private static CheckStep ended(@Nullable CheckStep during, int code) {
    CheckStep step =
        during != null
            ? during
            : new CheckStep("-", "", "process", State.STARTED, "", List.of(), List.of());
    String what =
        code > 128
            ? "was killed by signal %d".formatted(code - 128)
            : "ended with exit code %d".formatted(code);
    CheckFinding finding =
        new CheckFinding(
            "check/ENDED",
            "the process of the check %s during this step; the steps after it were not done"
                .formatted(what),
            "%s, %s %s".formatted(step.folder(), step.subject(), step.name()),
            "A plugin must not end the process (System.exit, native code that crashes, memory"
                + " that runs out); the lines above may tell more.");
    return new CheckStep(
        step.folder(),
        step.subject(),
        step.name(),
        State.FAILED,
        "the process " + what,
        List.of(finding),
        List.of());
  }
}
