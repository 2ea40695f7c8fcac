package org.llm4msr.runtime.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Largest resident memory of this process, as Linux counts it; see proc(5). */
public final class PeakMemory {

  private static final Path CLEAR = Path.of("/proc/self/clear_refs");
  private static final Path STATUS = Path.of("/proc/self/status");

  /** Written to {@link #CLEAR}, this sets the peak to the memory that is resident now. */
  private static final String RESET = "5";

  private PeakMemory() {}

  /** Forgets the earlier peak; where that is not allowed, the peak is that of the whole process. */
  public static void reset() {
    try {
      Files.writeString(CLEAR, RESET, StandardOpenOption.WRITE);
    } catch (IOException e) {
      // The peak of the process is an upper bound.
    }
  }

  /** Returns the peak since {@link #reset}, or null if the system does not tell. */
  public static @Nullable Long bytes() {
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("\\D+", "")) * 1024;
        }
      }
    } catch (IOException e) {
      // Not Linux.
    }
    return null;
  }
}
