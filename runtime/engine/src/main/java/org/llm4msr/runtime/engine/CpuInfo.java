package org.llm4msr.runtime.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What Linux says of the first processor.
 *
 * @param text lines {@code name : value}; empty where it is unknown
 */
record CpuInfo(String text) {

  private static final Set<String> AMD = Set.of("AuthenticAMD", "HygonGenuine");

  private static final Path FILE = Path.of("/proc/cpuinfo");

  /** Reads it; empty on other systems. */
  static CpuInfo read() {
    try {
      return new CpuInfo(Files.readString(FILE));
    } catch (IOException e) {
      return new CpuInfo("");
    }
  }

  /** Returns the first value of a name. */
  Optional<String> value(String name) {
    return text.lines()
        .map(line -> line.split("\\s*:\\s*", 2))
        .filter(line -> line.length == 2 && line[0].equals(name))
        .map(line -> line[1])
        .findFirst();
  }

  /** Returns whether the processor is AMD's, or of its design. */
  boolean isAmd() {
    return value("vendor_id").filter(AMD::contains).isPresent();
  }

  /** Returns whether the processor has one of some instruction sets. */
  boolean hasAny(List<String> instructions) {
    return instructions.stream().anyMatch(flags()::contains);
  }

  /** Returns whether the processor has all of some instruction sets. */
  boolean hasAll(List<String> instructions) {
    return flags().containsAll(instructions);
  }

  private Set<String> flags() {
    return value("flags").map(flags -> Set.copyOf(List.of(flags.split(" ")))).orElse(Set.of());
  }
}
