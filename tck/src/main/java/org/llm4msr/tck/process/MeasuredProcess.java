package org.llm4msr.tck.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.llm4msr.tck.harness.Finding;

/** A separate process, whose resident memory is that of one plugin only. */
public final class MeasuredProcess {

  private static final Path STATUS = Path.of("/proc/self/status");

  private MeasuredProcess() {}

  /**
   * The report of a process.
   *
   * @param rows number of rows that it read or wrote
   * @param peakBytes its largest resident memory
   */
  public record Report(long rows, long peakBytes) {

    /** Throws a finding if the process had more resident memory. */
    public void unlessBelow(long bytes) {
      Finding.unless(
          peakBytes < bytes, "less than " + bytes + " bytes of resident memory", peakBytes);
    }
  }

  /** Skips the test if the system does not report the resident memory of a process. */
  public static void assumeMeasured() {
    Assumptions.assumeTrue(
        Files.isReadable(STATUS), "no /proc/self/status here: resident memory is not known");
  }

  /** Runs a class whose last act is {@link #report}. */
  static Report run(Class<?> main, String heap, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-opens=java.base/java.nio=ALL-UNNAMED",
                "-Xmx" + heap,
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(arguments);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output;
    try (BufferedReader lines = process.inputReader(UTF_8)) {
      output = lines.lines().collect(Collectors.joining("\n"));
    }
    Finding.unless(
        process.waitFor() == 0, "a process that ends well with a heap of " + heap, output);
    String[] report = output.substring(output.lastIndexOf('\n') + 1).split(" ");
    return new Report(Long.parseLong(report[0]), Long.parseLong(report[1]));
  }

  /** Prints the report for {@link #run}. */
  static void report(long rows) throws IOException {
    System.out.println(rows + " " + peakBytes());
  }

  private static long peakBytes() throws IOException {
    Optional<String> peak =
        Files.readAllLines(STATUS).stream().filter(line -> line.startsWith("VmHWM:")).findFirst();
    return Long.parseLong(peak.orElseThrow().replaceAll("\\D", "")) << 10;
  }
}
