package org.llm4msr.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.model.TestEngine;

class FullProductsTest {

  /** {@code mov eax, 1}, {@code ret}: Intel's manual, volume 2. */
  private static final byte[] RETURN_ONE = {(byte) 0xb8, 1, 0, 0, 0, (byte) 0xc3};

  @ParameterizedTest
  @CsvSource({
    "AuthenticAMD, fpu sse2 avx avx2, true",
    "AuthenticAMD, fpu sse2 avx512f, true",
    "HygonGenuine, fpu sse2 avx avx2, true",
    "AuthenticAMD, fpu sse2 avx, false",
    "GenuineIntel, fpu sse2 avx avx2 avx512f, false",
  })
  void helpsProcessorsOfAmdWithWideInstructions(String vendor, String flags, boolean helps) {
    String processors =
        "processor\t: 0\nvendor_id\t: %s\nflags\t\t: %s\n\nprocessor\t: 1\nvendor_id\t: other\n"
            .formatted(vendor, flags);

    assertThat(FullProducts.isMklSlow(new CpuInfo(processors))).isEqualTo(helps);
  }

  /** Of an ARM processor under Linux. */
  @Test
  void leavesProcessorsThatItDoesNotKnow() {
    assertThat(
            FullProducts.isMklSlow(
                new CpuInfo("processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\n")))
        .isFalse();
    assertThat(FullProducts.isMklSlow(new CpuInfo(""))).isFalse();
  }

  @Test
  void theLibrarySaysYesAndNothingElse() throws IOException {
    assertThat(BundledLibraryTest.committed(FullProducts.RESOURCE).code()).isEqualTo(RETURN_ONE);
  }

  /** Every way to the engine answers MKL's question, unless it is switched off. */
  @ParameterizedTest
  @CsvSource({"true, 1", "false, none"})
  void theEngineComesWithItUnlessSwitchedOff(String setting, String answer) throws Exception {
    assumeThat(FullProducts.isMklSlow(CpuInfo.read())).isTrue();
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-D" + FullProducts.SETTING + "=" + setting,
                "-cp",
                System.getProperty("java.class.path"),
                Asking.class.getName())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();

    String output = new String(process.getInputStream().readAllBytes());

    assertThat(process.waitFor()).isZero();
    assertThat(output).endsWith("answer: " + answer + "\n");
  }

  /** Asks what MKL would be answered. */
  static final class Asking {
    public static void main(String[] arguments) {
      TensorEngine.open(new RuntimeConfig("PyTorch", "cpu", 1, "1GB", 0, false)).close();
      System.out.print("answer: " + answer() + "\n");
    }

    private static String answer() {
      try {
        return String.valueOf(
            NativeLibrary.getProcess().getFunction(FullProducts.FUNCTION).invokeInt(null));
      } catch (UnsatisfiedLinkError e) {
        return "none";
      }
    }
  }

  /** |error| is at most k u / (1 - k u) of the sum of |a b|, u = 2^-24 (Higham 2002, 3.5). */
  @Test
  @Tag("engine")
  void productsAgreeWithDoublePrecision() {
    int m = 70;
    int k = 517;
    int n = 130;
    float[] a = drawn(1, m * k);
    float[] b = drawn(2, k * n);
    try (NDManager manager = TestEngine.manager()) {
      NDArray c = manager.create(a, new Shape(m, k)).dot(manager.create(b, new Shape(k, n)));
      float[] result = c.toFloatArray();
      double unit = k * 0x1p-24;
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          double sum = 0;
          double size = 0;
          for (int l = 0; l < k; l++) {
            double product = (double) a[i * k + l] * b[l * n + j];
            sum += product;
            size += Math.abs(product);
          }
          assertThat((double) result[i * n + j]).isCloseTo(sum, within(unit / (1 - unit) * size));
        }
      }
    }
  }

  private static float[] drawn(long seed, int count) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
