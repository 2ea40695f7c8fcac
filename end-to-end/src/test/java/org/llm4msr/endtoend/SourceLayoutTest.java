package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** How much stands in one place. */
class SourceLayoutTest {

  private static final int FILES_OF_A_PACKAGE = 30;
  private static final int LINES_OF_THE_SPI = 2_600;

  private static final Path ROOT = Path.of(System.getProperty("llm4msr.root"));

  @Test
  void aPackageHasAtMost30Files() throws IOException {
    Map<Path, Long> files =
        sources("").collect(Collectors.groupingBy(Path::getParent, Collectors.counting()));

    assertThat(files).hasSizeGreaterThan(30);
    assertThat(files.entrySet())
        .allSatisfy(
            room ->
                assertThat(room.getValue())
                    .as(room.getKey().toString())
                    .isLessThanOrEqualTo(FILES_OF_A_PACKAGE));
  }

  @Test
  void theSpiIsShort() throws IOException {
    long lines = 0;
    for (Path file : sources("api").toList()) {
      try (Stream<String> all = Files.lines(file)) {
        lines += all.count();
      }
    }

    assertThat(lines).isBetween(1_000L, (long) LINES_OF_THE_SPI);
  }

  /** Returns the Java files of the main sources below a folder. */
  private static Stream<Path> sources(String folder) throws IOException {
    try (Stream<Path> files = Files.walk(ROOT.resolve(folder))) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .map(ROOT::relativize)
          .filter(file -> file.toString().contains("src/main/java/"))
          .filter(file -> !file.toString().contains("target/"))
          .map(ROOT::resolve)
          .toList()
          .stream();
    }
  }
}
