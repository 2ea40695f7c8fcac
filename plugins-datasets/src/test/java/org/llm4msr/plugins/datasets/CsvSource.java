package org.llm4msr.plugins.datasets;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongFunction;
import org.llm4msr.tck.MalformedRow;

/** Delimited files of any size, written row by row. */
final class CsvSource {

  private CsvSource() {}

  static void write(Path file, String header, long rows, LongFunction<String> row)
      throws IOException {
    Files.createDirectories(file.getParent());
    try (Writer out = Files.newBufferedWriter(file)) {
      out.write(header + "\n");
      for (long i = 0; i < rows; i++) {
        out.write(row.apply(i));
        out.write('\n');
      }
    }
  }

  /** Puts a word where the column has a number, in the seventh line. */
  static MalformedRow spoil(Path file, String column) throws IOException {
    List<String> lines = new ArrayList<>(Files.readAllLines(file));
    List<String> values = new ArrayList<>(Arrays.asList(lines.get(6).split(",", -1)));
    values.set(Arrays.asList(lines.get(0).split(",")).indexOf(column), "soon");
    lines.set(6, String.join(",", values));
    Files.write(file, lines);
    return new MalformedRow(String.valueOf(file.getFileName()), 7, column, "soon");
  }
}
