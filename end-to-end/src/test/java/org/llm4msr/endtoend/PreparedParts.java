package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;

/** Prepared data whose rows are in parts. */
final class PreparedParts {

  private PreparedParts() {}

  /**
   * Compares all files byte by byte, but those of the rows, which are compared value by value.
   *
   * @param but what manifests may differ in
   */
  static void assertSame(Path parts, Path whole, String... but) throws IOException {
    ObjectNode manifest = manifest(parts);
    ObjectNode expected = manifest(whole);
    Map<String, String> found = stamps(manifest);
    assertThat(without(found)).isEqualTo(without(stamps(expected)));
    assertThat(without(found)).hasSizeGreaterThan(8);
    List<String> others = new ArrayList<>(List.of(but));
    others.add("files");
    manifest.remove(others);
    expected.remove(others);
    assertThat(manifest).isEqualTo(expected);
    for (String split : List.of("train", "validation", "test")) {
      List<Path> files =
          found.keySet().stream()
              .filter(name -> name.matches(split + "(/.*|\\.arrow)"))
              .map(parts::resolve)
              .toList();
      List<String> rows = new ArrayList<>();
      for (Path file : files) {
        rows.addAll(rows(file));
      }
      assertThat(rows).as(split).isEqualTo(rows(whole.resolve(split + ".arrow")));
    }
  }

  private static ObjectNode manifest(Path prepared) throws IOException {
    return (ObjectNode) new ObjectMapper().readTree(prepared.resolve("dataset.json").toFile());
  }

  private static Map<String, String> stamps(ObjectNode manifest) {
    Map<String, String> stamps = new TreeMap<>();
    manifest
        .get("files")
        .properties()
        .forEach(f -> stamps.put(f.getKey(), f.getValue().toString()));
    return stamps;
  }

  private static Map<String, String> without(Map<String, String> stamps) {
    Map<String, String> others = new TreeMap<>(stamps);
    others.keySet().removeIf(name -> name.matches("(train|validation|test)(/.*|\\.arrow)"));
    return others;
  }

  private static List<String> rows(Path file) throws IOException {
    List<String> rows = new ArrayList<>();
    try (RootAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      while (reader.loadNextBatch()) {
        VectorSchemaRoot batch = reader.getVectorSchemaRoot();
        for (int row = 0; row < batch.getRowCount(); row++) {
          StringBuilder text = new StringBuilder();
          for (FieldVector column : batch.getFieldVectors()) {
            text.append(column.getName()).append('=').append(column.getObject(row)).append(' ');
          }
          rows.add(text.toString());
        }
      }
    }
    return rows;
  }
}
