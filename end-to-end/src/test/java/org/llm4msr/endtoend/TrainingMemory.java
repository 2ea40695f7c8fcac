package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.tck.guard.ResourceCounts;

/** A training in a process of its own that says at some steps what memory it has. */
final class TrainingMemory {

  private static final String MARK = "memory";

  /** As the launcher sets it: else malloc gives large arrays back, and what is resident jumps. */
  private static final Map<String, String> MALLOC =
      Map.of(
          "MALLOC_MMAP_THRESHOLD_", "33554432",
          "MALLOC_TRIM_THRESHOLD_", "2000000000",
          "MALLOC_TOP_PAD_", "268435456",
          "MALLOC_ARENA_MAX", "1",
          "GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");

  private TrainingMemory() {}

  /**
   * What a process has after a step.
   *
   * @param residentBytes physical memory of the process
   */
  record Sample(ResourceCounts held, long residentBytes) {}

  /**
   * Trains and returns samples of some steps; the rest of the process's memory is fixed from the
   * start.
   */
  static Map<Integer, Sample> of(
      Path experiment, String run, List<String> settings, List<Integer> steps)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + Path.of(System.getProperty("llm4msr.root"), "jvm.options"));
    command.addAll(
        List.of("-Xms384m", "-Xmx384m", "-XX:+AlwaysPreTouch", "-XX:MaxDirectMemorySize=128m"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(TrainingMemory.class.getName());
    command.add(experiment.toString());
    command.add(run);
    command.addAll(settings);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(MALLOC);
    Process process = builder.start();
    String output;
    try (BufferedReader lines = process.inputReader(UTF_8)) {
      output = lines.lines().collect(Collectors.joining("\n"));
    }
    assertThat(process.waitFor()).as(output).isZero();
    Map<Integer, Sample> samples = new TreeMap<>();
    for (String line : output.split("\n")) {
      String[] words = line.split(" ");
      if (words[0].equals(MARK)) {
        ResourceCounts held =
            new ResourceCounts(Integer.parseInt(words[2]), Long.parseLong(words[3]));
        samples.put(Integer.valueOf(words[1]), new Sample(held, Long.parseLong(words[4])));
      }
    }
    assertThat(samples).as(output).containsKeys(steps.toArray(Integer[]::new));
    return samples;
  }

  /** Trains the experiment and run that are named, with settings. */
  public static void main(String[] arguments) {
    ResourceCounts.watch();
    Experiment experiment =
        Experiment.fromYaml(
            Path.of(arguments[0]), Arrays.copyOfRange(arguments, 2, arguments.length));
    int batchSize = experiment.config().config().training().batchSize();
    Progress progress =
        (rows, total) -> {
          int step = Math.toIntExact(rows / batchSize);
          if (step % 100 == 0 && rows % batchSize == 0) {
            ResourceCounts held = ResourceCounts.now();
            System.out.printf(
                "%s %d %d %d %d%n", MARK, step, held.arrays(), held.arrowBytes(), resident());
          }
        };
    experiment.train(arguments[1], progress);
  }

  private static long resident() {
    try {
      String line =
          Files.readAllLines(Path.of("/proc/self/status")).stream()
              .filter(status -> status.startsWith("VmRSS:"))
              .findFirst()
              .orElseThrow();
      return Long.parseLong(line.replaceAll("\\D", "")) << 10;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
