package org.llm4msr.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.model.TestEngine;

class FullProductsTest {

  private static final Path C = Path.of("src/main/c");

  /** {@code mov eax, 1}, {@code ret}: Intel's manual, volume 2. */
  private static final byte[] RETURN_ONE = {(byte) 0xb8, 1, 0, 0, 0, (byte) 0xc3};

  @TempDir Path folder;

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
  void theLibraryHasNothingButTheFunction() throws IOException {
    byte[] content = committed();
    ElfFile library = new ElfFile(content);

    assertThat(content).hasSizeLessThan(16 << 10);
    assertThat(library.offered()).containsExactly(FullProducts.FUNCTION);
    assertThat(library.wanted()).isEmpty();
    assertThat(library.needed()).isZero();
    assertThat(library.code()).isEqualTo(RETURN_ONE);
    assertThat(library.sectionNames()).doesNotContain(".init", ".init_array", ".ctors");
  }

  /** The reader of such files sees what it should: a library that brings and wants a lot. */
  @Test
  void anotherLibraryHasMore() throws IOException {
    Path c = Path.of("/lib/x86_64-linux-gnu/libm.so.6");
    assumeThat(c).exists();
    ElfFile library = new ElfFile(Files.readAllBytes(c));

    assertThat(library.offered()).contains("cos");
    assertThat(library.wanted()).isNotEmpty();
    assertThat(library.needed()).isPositive();
  }

  @Test
  @Tag("slow")
  void theLibraryIsWhatItsSourceSays() throws Exception {
    assumeThat(Path.of("/usr/bin/gcc")).isExecutable();
    Path built = folder.resolve("built.so");

    int status =
        new ProcessBuilder(C.resolve("build").toString(), built.toString())
            .inheritIO()
            .start()
            .waitFor();

    assertThat(status).isZero();
    assertThat(new ElfFile(Files.readAllBytes(built)).code())
        .isEqualTo(new ElfFile(committed()).code());
  }

  private static byte[] committed() throws IOException {
    try (InputStream content = FullProducts.class.getResourceAsStream(FullProducts.RESOURCE)) {
      return Objects.requireNonNull(content).readAllBytes();
    }
  }

  @Test
  void loadsACopyAndLeavesNothing() throws IOException {
    assumeThat(System.getProperty("os.name") + System.getProperty("os.arch"))
        .isEqualTo("Linuxamd64");

    assertThat(FullProducts.load(folder).getFunction(FullProducts.FUNCTION).invokeInt(null))
        .isEqualTo(1);

    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void aFolderThatTakesNoFileIsTold() {
    assertThatThrownBy(() -> FullProducts.load(folder.resolve("missing")))
        .isInstanceOf(NoSuchFileException.class);
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
