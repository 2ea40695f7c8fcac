package org.llm4msr.runtime.engine;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BundledLibraryTest {

  private static final Path C = Path.of("src/main/c");

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "libfull_products.so, mkl_serv_intel_cpu_true",
    "libattention.so, attention_memory attention_weights attention_sums attention_gradients"
  })
  void hasItsFunctionsAndAsksForNothing(String name, String functions) throws IOException {
    ElfFile library = committed(name);

    assertThat(bytes(name)).hasSizeLessThan(16 << 10);
    assertThat(library.offered()).containsExactlyInAnyOrder(functions.split(" ", -1));
    assertThat(library.wanted()).isEmpty();
    assertThat(library.needed()).isZero();
    assertThat(library.sectionNames())
        .doesNotContain(".init", ".init_array", ".ctors", ".data", ".bss");
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

  /** Other compilers write other instructions, but not of a function that returns 1. */
  @ParameterizedTest
  @ValueSource(strings = {"full_products", "attention"})
  @Tag("slow")
  void isWhatItsSourceSays(String source) throws Exception {
    assumeThat(Path.of("/usr/bin/gcc")).isExecutable();
    ElfFile committed = committed("lib" + source + ".so");
    Path target = folder.resolve("built.so");

    int status =
        new ProcessBuilder(C.resolve("build").toString(), source, target.toString())
            .inheritIO()
            .start()
            .waitFor();

    assertThat(status).isZero();
    ElfFile built = new ElfFile(Files.readAllBytes(target));
    assumeThat(built.compiler().equals(committed.compiler()) || source.equals("full_products"))
        .isTrue();
    assertThat(built.code()).isEqualTo(committed.code());
    assertThat(built.constants()).isEqualTo(committed.constants());
  }

  static ElfFile committed(String name) throws IOException {
    return new ElfFile(bytes(name));
  }

  private static byte[] bytes(String name) throws IOException {
    try (InputStream content = BundledLibrary.class.getResourceAsStream(name)) {
      return requireNonNull(content, name).readAllBytes();
    }
  }

  @ParameterizedTest
  @CsvSource({"libfull_products.so, mkl_serv_intel_cpu_true", "libattention.so, attention_memory"})
  void loadsACopyAndLeavesNothing(String name, String function) throws IOException {
    assumeThat(BundledLibrary.isSystem()).isTrue();

    NativeLibrary library = BundledLibrary.load(name, folder, BundledLibrary.ALONE);

    assertThat(library.getFunction(function)).isNotNull();
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void aFolderThatTakesNoFileIsTold() {
    assertThatThrownBy(
            () ->
                BundledLibrary.load(
                    FullProducts.RESOURCE, folder.resolve("missing"), BundledLibrary.ALONE))
        .isInstanceOf(NoSuchFileException.class);
  }
}
