package org.llm4msr.plugins.datasets;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.RawTable;

/** What a reader emits, as rows of text; the allocator proves that nothing leaks. */
public final class Rows {

  private Rows() {}

  public static List<Map<String, String>> of(DatasetReader reader, RawTable table)
      throws IOException {
    try (BufferAllocator allocator = new RootAllocator();
        ArrowReader batches = reader.open(table, allocator)) {
      return of(batches);
    }
  }

  /** Returns all rows of an open reader. */
  public static List<Map<String, String>> of(ArrowReader batches) throws IOException {
    List<Map<String, String>> rows = new ArrayList<>();
    while (batches.loadNextBatch()) {
      VectorSchemaRoot root = batches.getVectorSchemaRoot();
      for (int r = 0; r < root.getRowCount(); r++) {
        Map<String, String> row = new LinkedHashMap<>();
        for (FieldVector vector : root.getFieldVectors()) {
          row.put(vector.getName(), String.valueOf(vector.getObject(r)));
        }
        rows.add(row);
      }
    }
    return rows;
  }

  /** Counts rows and the sum of a whole-number column without keeping rows. */
  public static long[] countAndSum(DatasetReader reader, String column) throws IOException {
    long rows = 0;
    long sum = 0;
    try (BufferAllocator allocator = new RootAllocator();
        ArrowReader batches = reader.open(RawTable.INTERACTIONS, allocator)) {
      while (batches.loadNextBatch()) {
        VectorSchemaRoot root = batches.getVectorSchemaRoot();
        rows += root.getRowCount();
        FieldVector vector = root.getVector(column);
        for (int r = 0; r < root.getRowCount(); r++) {
          sum += ((Number) vector.getObject(r)).longValue();
        }
      }
    }
    return new long[] {rows, sum};
  }

  /** Returns a folder of the shared data. */
  public static Path shared(String folder) {
    return Path.of(System.getProperty("llm4msr.shared", "absent"), "data", folder);
  }
}
