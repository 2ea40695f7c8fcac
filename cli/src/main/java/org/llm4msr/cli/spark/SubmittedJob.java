package org.llm4msr.cli.spark;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** A job that spark-submit runs in a process of its own. */
public final class SubmittedJob {

  private static final Pattern ERROR = Pattern.compile("(?s)\\[([a-z-]+/[A-Z_0-9]+)\\] (.*)");

  private final Process process;

  private SubmittedJob(Process process) {
    this.process = process;
  }

  /** Starts a job. */
  public static SubmittedJob start(List<String> line) throws IOException {
    return new SubmittedJob(new ProcessBuilder(line).redirectErrorStream(true).start());
  }

  /** Asks the process to end, which ends the job. */
  public void stop() {
    process.destroy();
  }

  /**
   * Waits for the end.
   *
   * @param output gets what the process prints
   * @param answer the file in which the driver says how the job ended
   * @return what that says
   * @throws MsrException the error of the job; {@code spark/FAILED} if it says nothing
   */
  public Properties await(PrintStream output, Path answer)
      throws IOException, InterruptedException {
    try (BufferedReader lines = process.inputReader(UTF_8)) {
      lines.lines().forEach(output::println);
    } catch (UncheckedIOException e) {
      output.println("The output of Spark cannot be read: " + e.getMessage());
    }
    int code = process.waitFor();
    Properties told = new Properties();
    try (Reader reader = Files.newBufferedReader(answer)) {
      told.load(reader);
    }
    Matcher error = ERROR.matcher(told.getProperty("error", ""));
    if (error.matches()) {
      throw new MsrException(type(told, error.group(1)), error.group(1), error.group(2));
    }
    if (code != 0) {
      throw new MsrException(
          ErrorType.EXTERNAL,
          "spark/FAILED",
          "spark-submit ended with exit code %d; its output above says why.".formatted(code));
    }
    return told;
  }

  private static ErrorType type(Properties told, String code) {
    if (Boolean.parseBoolean(told.getProperty("ofUser"))) {
      return ErrorType.USER;
    }
    return code.startsWith("spark/") ? ErrorType.EXTERNAL : ErrorType.DATA;
  }
}
