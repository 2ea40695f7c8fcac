package org.llm4msr.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The processor that a benchmark runs on, as Linux describes it. */
public final class Processor {

  private static final Path DESCRIPTION = Path.of("/proc/cpuinfo");

  private Processor() {}

  /** Returns maker, model and the number of processors that this program may use. */
  public static String name() {
    try (Stream<String> lines = Files.lines(DESCRIPTION)) {
      List<String> first = lines.takeWhile(line -> !line.isEmpty()).toList();
      return "%s %s, %d processors"
          .formatted(
              value(first, "vendor_id"),
              value(first, "model name"),
              Runtime.getRuntime().availableProcessors());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String value(List<String> lines, String name) {
    return lines.stream()
        .map(line -> line.split("\\s*:\\s*", 2))
        .filter(line -> line.length == 2 && line[0].equals(name))
        .map(line -> line[1])
        .findFirst()
        .orElse("unknown");
  }
}
