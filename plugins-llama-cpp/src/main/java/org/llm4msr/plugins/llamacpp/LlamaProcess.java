package org.llm4msr.plugins.llamacpp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * A JVM that holds one model of llama.cpp and answers through a socket. The native library prints
 * to the standard output, after closing keeps the model's memory and a thread that stops the JVM
 * from ending, and aborts on errors: in a separate process none of that matters. Safe for several
 * threads, which wait for each other.
 */
final class LlamaProcess implements AutoCloseable {

  static final int COUNT = 1;
  static final int EMBED = 2;
  static final int DONE = 0;

  private static final int POLL_MILLIS = 100;
  private static final int SECONDS_TO_END = 10;
  private static final int LINES_OF_LOG = 5;

  private final Path model;
  private final Path log;
  private final Process process;
  private final Socket socket;
  private final DataInputStream in;
  private final DataOutputStream out;

  private LlamaProcess(Path model, Path log, Process process, Socket socket) throws IOException {
    this.model = model;
    this.log = log;
    this.process = process;
    this.socket = socket;
    this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    this.out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
  }

  /**
   * Starts the process and loads the model.
   *
   * @param scratch folder for its log and native library
   */
  static LlamaProcess start(Path model, int maxTokens, int threads, Path scratch) {
    Path log = null;
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Path folder = Files.createTempDirectory(scratch, "llama");
      log = folder.resolve("log.txt");
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx256m",
                  "-XX:+UseSerialGC",
                  "-Dde.kherud.llama.tmpdir=" + folder,
                  "-cp",
                  classPath(),
                  LlamaWorker.class.getName(),
                  model.toString(),
                  String.valueOf(maxTokens),
                  String.valueOf(threads),
                  String.valueOf(server.getLocalPort()))
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      try {
        return connect(server, process, model, log);
      } catch (IOException | RuntimeException e) {
        process.destroyForcibly();
        throw e;
      }
    } catch (IOException e) {
      throw failed("did not start (" + e.getMessage() + ")", model, log, e);
    }
  }

  private static LlamaProcess connect(ServerSocket server, Process process, Path model, Path log)
      throws IOException {
    byte[] random = new byte[16];
    new SecureRandom().nextBytes(random);
    String secret = HexFormat.of().formatHex(random);
    try (var secretOut = process.outputWriter(UTF_8)) {
      secretOut.write(secret);
    }
    LlamaProcess started =
        new LlamaProcess(model, log, process, accept(server, process, model, log));
    try {
      started.awaitModel(secret);
      return started;
    } catch (RuntimeException e) {
      started.close();
      throw e;
    }
  }

  private void awaitModel(String secret) {
    try {
      if (!in.readUTF().equals(secret)) {
        throw failed("is not what answered", model, log, null);
      }
      status();
    } catch (IOException e) {
      throw ended(e);
    }
  }

  private static Socket accept(ServerSocket server, Process process, Path model, Path log)
      throws IOException {
    server.setSoTimeout(POLL_MILLIS);
    while (true) {
      try {
        return server.accept();
      } catch (SocketTimeoutException e) {
        if (!process.isAlive()) {
          throw failed("ended with code " + process.exitValue(), model, log, null);
        }
      }
    }
  }

  /** Returns all that the process needs: this plugin's own classes and the binding. */
  private static String classPath() throws IOException {
    try {
      return Stream.of(LlamaWorker.class, de.kherud.llama.LlamaModel.class)
          .map(type -> type.getProtectionDomain().getCodeSource().getLocation())
          .map(
              location -> {
                try {
                  return Path.of(location.toURI()).toString();
                } catch (URISyntaxException e) {
                  throw new IllegalStateException(e);
                }
              })
          .distinct()
          .collect(Collectors.joining(System.getProperty("path.separator")));
    } catch (IllegalStateException e) {
      throw new IOException(e);
    }
  }

  /** Returns the tokens of a text, without special ones. */
  synchronized int count(String text) {
    try {
      ask(COUNT, text);
      return in.readInt();
    } catch (IOException e) {
      throw ended(e);
    }
  }

  /** Returns the state of a text's last token. */
  synchronized float[] embed(String text, int dimension) {
    try {
      ask(EMBED, text);
      int length = in.readInt();
      if (length != dimension) {
        throw failed("gives %d numbers, not %d".formatted(length, dimension), model, log, null);
      }
      float[] vector = new float[length];
      for (int k = 0; k < length; k++) {
        vector[k] = in.readFloat();
      }
      return vector;
    } catch (IOException e) {
      throw ended(e);
    }
  }

  private void ask(int question, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    out.writeByte(question);
    out.writeInt(bytes.length);
    out.write(bytes);
    out.flush();
    status();
  }

  private void status() throws IOException {
    if (in.readByte() != DONE) {
      String message = in.readUTF();
      throw failed("refuses: " + message, model, log, null);
    }
  }

  /** Explains what happened to a process that can no longer be read from or written to. */
  private MsrException ended(IOException cause) {
    String problem = "gives no answer (" + cause + ")";
    try {
      if (process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
        problem = "ended with code " + process.exitValue();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return failed(problem, model, log, cause);
  }

  private static MsrException failed(
      String problem, Path model, @Nullable Path log, @Nullable Exception cause) {
    return new MsrException(
        ErrorType.EXTERNAL,
        "llama-cpp/PROCESS_FAILED",
        "the process of llama.cpp %s. Model %s, last lines of its log: %s. Check that the file is complete, of an architecture of early 2025, that memory is enough, and that the library supports this system."
            .formatted(problem, model, lastLines(log)),
        cause);
  }

  private static String lastLines(@Nullable Path log) {
    if (log == null) {
      return "none";
    }
    try (Stream<String> lines = Files.lines(log, ISO_8859_1)) {
      List<String> all = lines.filter(line -> !line.isBlank()).toList();
      return String.join(" | ", all.subList(Math.max(0, all.size() - LINES_OF_LOG), all.size()));
    } catch (IOException e) {
      return "not to be read";
    }
  }

  /** Ends the process, which frees all its memory. */
  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
    try {
      socket.close();
    } catch (IOException e) {
      // The process has ended.
    }
  }
}
