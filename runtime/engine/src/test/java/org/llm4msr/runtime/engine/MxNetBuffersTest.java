package org.llm4msr.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Arrays hold what they were made of, however often the garbage collector runs. Without {@link
 * MxNetBuffers} one in some thousand passes goes wrong here.
 */
class MxNetBuffersTest {

  private static final int PASSES = 20_000;
  private static final int SIZE = 16;

  /** Read by nobody: what is written here is garbage at once. */
  @Nullable static volatile Object garbage;

  @Test
  @Tag("slow")
  void theGarbageCollectorLeavesWhatIsCopied(@TempDir Path folder) throws Exception {
    Path out = folder.resolve("out");
    Process process = start(out);
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("it ends").isTrue();
    assertThat(process.exitValue()).isZero();
    assertThat(Files.readString(out)).endsWith("0 of 20000 arrays are wrong\n");
  }

  /** Begins a JVM whose young generation is so small that it is collected all the time. */
  private static Process start(Path out) throws IOException {
    Path temporary = Files.createDirectory(out.resolveSibling("with blank"));
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmn1m",
            "-Xmx256m",
            "-Dai.djl.offline=true",
            "-Djava.io.tmpdir=" + temporary,
            "-cp",
            System.getProperty("java.class.path"),
            MxNetBuffersTest.class.getName())
        .redirectOutput(out.toFile())
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  public static void main(String[] arguments) {
    for (int i = 0; i < 2; i++) {
      Thread busy = new Thread(MxNetBuffersTest::litter);
      busy.setDaemon(true);
      busy.start();
    }
    Random random = new Random(1);
    int wrong = 0;
    try (NDManager manager = TensorEngine.find("MXNet").newBaseManager()) {
      for (int i = 0; i < PASSES; i++) {
        float[] values = new float[SIZE];
        for (int j = 0; j < SIZE; j++) {
          values[j] = random.nextFloat();
        }
        try (NDArray array = manager.create(values, new Shape(SIZE))) {
          wrong += Arrays.equals(array.toFloatArray(), values) ? 0 : 1;
        }
      }
    }
    System.out.println(wrong + " of " + PASSES + " arrays are wrong");
  }

  @SuppressWarnings("InfiniteLoopStatement")
  private static void litter() {
    while (true) {
      garbage = new byte[64];
    }
  }
}
