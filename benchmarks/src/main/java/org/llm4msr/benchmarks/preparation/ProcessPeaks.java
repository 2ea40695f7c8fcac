package org.llm4msr.benchmarks.preparation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The largest resident sizes of the processes of a job on Spark.
 *
 * @param executor bytes of the largest executor
 * @param driver bytes of the largest other process
 * @param staged bytes of the files that nodes hand over, at most
 * @param heaps the options for the heap, of executors
 */
record ProcessPeaks(long executor, long driver, long staged, Set<String> heaps) {

  private static final Pattern PEAK = Pattern.compile("VmHWM:\\s+(\\d+) kB");
  private static final Pattern HEAP = Pattern.compile("-Xmx[0-9A-Za-z]+");

  /** Watches a process and its descendants until it ends. */
  static ProcessPeaks watch(Process process, Path staging) throws InterruptedException {
    ProcessPeaks peaks = new ProcessPeaks(0, 0, 0, new TreeSet<>());
    while (!process.waitFor(1, TimeUnit.SECONDS)) {
      for (ProcessHandle handle : process.descendants().toList()) {
        peaks = peaks.with(handle.pid());
      }
      peaks = peaks.with(process.pid());
      long staged = Math.max(peaks.staged, size(staging));
      peaks = new ProcessPeaks(peaks.executor, peaks.driver, staged, peaks.heaps);
    }
    return peaks;
  }

  private ProcessPeaks with(long pid) {
    try {
      Path folder = Path.of("/proc", String.valueOf(pid));
      Matcher peak = PEAK.matcher(Files.readString(folder.resolve("status")));
      long bytes = peak.find() ? Long.parseLong(peak.group(1)) << 10 : 0;
      String line = Files.readString(folder.resolve("cmdline")).replace('\0', ' ');
      if (!line.contains("CoarseGrainedExecutorBackend")) {
        return new ProcessPeaks(executor, Math.max(driver, bytes), staged, heaps);
      }
      HEAP.matcher(line).results().forEach(found -> heaps.add(found.group()));
      return new ProcessPeaks(Math.max(executor, bytes), driver, staged, heaps);
    } catch (IOException e) {
      return this; // It has just ended.
    }
  }

  private static long size(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    } catch (IOException | UncheckedIOException e) {
      return 0; // A file has just been deleted.
    }
  }
}
