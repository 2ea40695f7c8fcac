package org.llm4msr.benchmarks.preparation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;

/** Sums of prepared data that do not tell whether rows are in parts. */
final class PreparedSums {

  private static final String SPLIT = "(train|validation|test)(/.*|\\.arrow)";

  private PreparedSums() {}

  /**
   * Returns the checksum of each file, and one over the values of each split's rows in order.
   *
   * @param prepared the folder with {@code dataset.json}
   */
  static Map<String, String> of(Path prepared) throws IOException {
    JsonNode manifest = new ObjectMapper().readTree(prepared.resolve("dataset.json").toFile());
    Map<String, String> sums = new TreeMap<>();
    Map<String, Long> splits = new TreeMap<>();
    Map<String, JsonNode> files = new TreeMap<>();
    manifest.get("files").properties().forEach(file -> files.put(file.getKey(), file.getValue()));
    for (Map.Entry<String, JsonNode> file : files.entrySet()) {
      if (file.getKey().matches(SPLIT)) {
        String split = file.getKey().replaceAll("[/.].*", "");
        splits.put(split, rows(prepared.resolve(file.getKey()), splits.getOrDefault(split, 0L)));
      } else {
        sums.put(file.getKey(), file.getValue().toString());
      }
    }
    splits.forEach((split, sum) -> sums.put(split, Long.toHexString(sum)));
    return sums;
  }

  private static long rows(Path file, long before) throws IOException {
    long sum = before;
    try (RootAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      while (reader.loadNextBatch()) {
        VectorSchemaRoot batch = reader.getVectorSchemaRoot();
        for (int row = 0; row < batch.getRowCount(); row++) {
          for (FieldVector column : batch.getFieldVectors()) {
            sum = sum * 0x9E3779B97F4A7C15L + column.hashCode(row);
          }
        }
      }
    }
    return sum;
  }
}
