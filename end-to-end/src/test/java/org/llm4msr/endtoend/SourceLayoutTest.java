package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** How much stands in one place. */
class SourceLayoutTest {

  private static final int FILES_OF_A_PACKAGE = 30;
  private static final int LINES_OF_THE_SPI = 2_600;

  private static final Pattern A_CLOCK =
      Pattern.compile("\\bsleep\\(|\\bpark(Nanos|Until)\\(|\\bnanoTime\\b|\\bcurrentTimeMillis\\b");

  /** Test classes that may sleep or read a clock, and why. */
  private static final Map<String, String> USE_A_CLOCK =
      Map.of(
          "Await", "looks again until something comes to hold",
          "KilledStage", "kills at drawn moments of the time that the work takes",
          "SparkExtractionTest", "its encoder is slow enough to be killed at work",
          "ArchitectureTest", "names what main code must not call");

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

  /** Order, absence and speed are not proved by the time that passes. */
  @Test
  void noTestSleepsOrReadsAClock() throws IOException {
    Set<String> found = new TreeSet<>();
    for (Path file : sources("", "src/test/java/").toList()) {
      if (A_CLOCK.matcher(Files.readString(file)).find()) {
        found.add(file.getFileName().toString().replace(".java", ""));
      }
    }

    assertThat(found).isEqualTo(USE_A_CLOCK.keySet());
  }

  private static Stream<Path> sources(String folder) throws IOException {
    return sources(folder, "src/main/java/");
  }

  /** Returns the Java files below a folder whose paths have a part. */
  private static Stream<Path> sources(String folder, String part) throws IOException {
    try (Stream<Path> files = Files.walk(ROOT.resolve(folder))) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .map(ROOT::relativize)
          .filter(file -> file.toString().contains(part))
          .filter(file -> !file.toString().contains("target/"))
          .map(ROOT::resolve)
          .toList()
          .stream();
    }
  }
}
