package org.llm4msr.plugins.datasets;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.llm4msr.tck.MalformedRow;

/** Files of one object a line, of any size, written row by row. */
final class JsonSource {

  private static final ObjectMapper JSON = new ObjectMapper();

  private JsonSource() {}

  static void write(Path file, long rows, LongFunction<String> row) throws IOException {
    try (Writer out = Files.newBufferedWriter(file)) {
      for (long i = 0; i < rows; i++) {
        out.write(row.apply(i));
        out.write('\n');
      }
    }
  }

  /** Puts a word where the key has a number, in the seventh line. */
  static MalformedRow spoil(Path file, String key) throws IOException {
    List<String> lines = new ArrayList<>(Files.readAllLines(file));
    ObjectNode row = (ObjectNode) JSON.readTree(lines.get(6));
    lines.set(6, row.put(key, "soon").toString());
    Files.write(file, lines);
    return new MalformedRow(String.valueOf(file.getFileName()), 7, key, "soon");
  }
}
