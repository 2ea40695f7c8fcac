package org.llm4msr.benchmarks.ranking;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Binds threads to processors, so that one does not wait for another while a processor is idle.
 * Uses Linux's {@code taskset}; without it nothing is bound.
 */
final class OwnProcessor {

  private static final Path SELF = Path.of("/proc/thread-self");

  private OwnProcessor() {}

  /**
   * Binds the calling thread.
   *
   * @param number of the processor, from 0
   */
  static void bind(int number) {
    try {
      String thread = Files.readSymbolicLink(SELF).getFileName().toString();
      int outcome =
          new ProcessBuilder("taskset", "-p", "-c", Integer.toString(number), thread)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor();
      if (outcome != 0) {
        System.out.println("No thread is bound to a processor: taskset ended with " + outcome);
      }
    } catch (IOException e) {
      System.out.println("No thread is bound to a processor: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
