package org.llm4msr.testtimes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * How much processor time classes of tests may take.
 *
 * @param seconds of a class; 0 for any
 * @param exceptions seconds of classes that may take more, by name
 */
record Limits(double seconds, Map<String, Double> exceptions) {

  /**
   * Reads the exceptions: lines of class, seconds and reason with tabs between them; lines that
   * begin with # say something else.
   *
   * @throws IllegalArgumentException for a line without reason
   */
  static Limits read(double seconds, Path file) throws IOException {
    Map<String, Double> exceptions = new TreeMap<>();
    for (String line : Files.readAllLines(file)) {
      if (!line.startsWith("#")) {
        String[] cells = line.split("\t", -1);
        if (cells.length != 3 || cells[2].isBlank()) {
          throw new IllegalArgumentException(
              file + " needs class, seconds and reason in each line, unlike " + line);
        }
        exceptions.put(cells[0], Double.valueOf(cells[1]));
      }
    }
    return new Limits(seconds, exceptions);
  }

  /**
   * Checks a class.
   *
   * @throws AssertionError if it took too much
   */
  void check(String name, double taken) {
    double limit = exceptions.getOrDefault(name, seconds);
    if (seconds > 0 && taken > limit) {
      throw new AssertionError(
          String.format(
              Locale.ROOT,
              "%s took %.1f seconds of processor time, more than %.0f. Share what it trains or "
                  + "prepares, tag tests \"slow\", or name it with a reason in .ci/slow-tests.tsv.",
              name,
              taken,
              limit));
    }
  }
}
