package org.llm4msr.benchmarks.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A program of {@code benchmarks/peers} that answers lines, and waits while others are timed. */
public final class PythonProcess implements AutoCloseable {

  /** The folder of the programs. */
  public static final Path PEERS = Path.of(System.getProperty("peers", "benchmarks/peers"));

  private final Process process;
  private final PrintWriter commands;
  private final BufferedReader replies;

  /**
   * Starts the program.
   *
   * @param environment variables to add
   */
  public PythonProcess(
      Path python, String script, Map<String, String> environment, List<String> arguments) {
    ProcessBuilder program =
        new ProcessBuilder(
                Stream.concat(
                        Stream.of(python.toString(), PEERS.resolve(script).toString()),
                        arguments.stream())
                    .toList())
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    program.environment().putAll(environment);
    try {
      process = program.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    commands = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
    replies = process.inputReader(StandardCharsets.UTF_8);
  }

  /** Sends a line of a number. */
  public void say(int number) {
    commands.println(number);
  }

  /** Returns the parts of its next line. */
  public String[] reply() {
    try {
      String line = replies.readLine();
      if (line == null) {
        throw new IOException("The peer ended; what it said stands above.");
      }
      return line.split("\t");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroy();
  }
}
