package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.serving.ranker.GraphSession;

/** Processes that are told to end while another thread loads a graph into ONNX Runtime. */
class EndedProcessTest {

  private static final int PROCESSES = 4;

  @TempDir Path folder;
  private static Path graph;

  @BeforeAll
  static void compile() {
    graph = ServedShop.compiled().resolve("compiled/scorer-0.onnx");
  }

  @Test
  void aProcessEndsWithoutACrashWhileItLoads() throws Exception {
    List<Process> processes =
        IntStream.range(0, PROCESSES).mapToObj(number -> start(number)).toList();

    for (Process process : processes) {
      assertThat(process.waitFor()).as("the exit code, of 134 after a crash").isEqualTo(3);
    }
  }

  private Process start(int number) {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    try {
      return new ProcessBuilder(
              java.toString(),
              "-Xmx256m",
              "-cp",
              System.getProperty("java.class.path"),
              Loading.class.getName(),
              graph.toString())
          .directory(folder.toFile())
          .redirectErrorStream(true)
          .redirectOutput(folder.resolve("out-" + number).toFile())
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Loads a graph again and again, and ends meanwhile. */
  static final class Loading {

    private Loading() {}

    public static void main(String[] arguments) throws Exception {
      byte[] graph = Files.readAllBytes(Path.of(arguments[0]));
      CountDownLatch loaded = new CountDownLatch(10);
      Thread thread =
          new Thread(
              () -> {
                while (true) {
                  new GraphSession(graph).close();
                  loaded.countDown();
                }
              });
      thread.setDaemon(true);
      thread.start();
      loaded.await();
      System.exit(3);
    }
  }
}
