package org.llm4msr.benchmarks.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A process that answers lines, and waits while others are timed. */
public final class PeerProcess implements AutoCloseable {

  public static final Path PEERS = Path.of(System.getProperty("peers", "benchmarks/peers"));

  private final Process process;
  private final PrintWriter commands;
  private final BufferedReader replies;

  /**
   * Starts a program of {@code benchmarks/peers}.
   *
   * @param environment variables to add
   */
  public static PeerProcess python(
      Path python, String script, Map<String, String> environment, List<String> arguments) {
    return new PeerProcess(
        Stream.concat(
                Stream.of(python.toString(), PEERS.resolve(script).toString()), arguments.stream())
            .toList(),
        environment);
  }

  /** Starts a class of this program, with the options of this Java. */
  public static PeerProcess java(Class<?> program, List<String> arguments) {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    line.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
    line.addAll(arguments);
    return new PeerProcess(line, Map.of());
  }

  private PeerProcess(List<String> line, Map<String, String> environment) {
    ProcessBuilder program =
        new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT);
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
    say(Integer.toString(number));
  }

  /** Sends a line. */
  public void say(String line) {
    commands.println(line);
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
