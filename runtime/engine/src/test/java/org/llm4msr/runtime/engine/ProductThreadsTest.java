package org.llm4msr.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.pytorch.jni.LibUtils;
import com.sun.jna.NativeLibrary;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.config.RuntimeConfig;

/** Products use as many threads as {@code runtime.threads} says, in a process of their own. */
@Tag("engine")
class ProductThreadsTest {

  @Test
  void productsUseNoMoreThreadsThanTheSettingSays() throws Exception {
    assumeThat(Runtime.getRuntime().availableProcessors()).isGreaterThan(1);
    assumeThat(System.getProperty("os.arch")).isEqualTo("amd64"); // PyTorch brings MKL there.
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Asking.class.getName())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();

    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).isZero();
    assertThat(output).endsWith("threads: 1\n");
  }

  /** Asks MKL on the engine's thread. */
  static final class Asking {
    public static void main(String[] arguments) {
      RuntimeConfig config = new RuntimeConfig("PyTorch", "cpu", 1, "1GB", 0, false);
      try (TensorEngine engine = TensorEngine.open(config)) {
        System.out.print("threads: " + engine.call(Asking::threads) + "\n");
      }
    }

    private static int threads() {
      Path library = Path.of(LibUtils.getLibtorchPath(), System.mapLibraryName("torch_cpu"));
      return NativeLibrary.getInstance(library.toString())
          .getFunction("MKL_Get_Max_Threads")
          .invokeInt(new Object[0]);
    }
  }
}
