package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.junit.jupiter.api.Test;

class ListsByKeyTest {

  /** Key k has k rows; batches end within keys, and lists are handed over several times. */
  @Test
  void keysThatGoOverBatchesStayTogether() throws IOException {
    TreeMap<Integer, List<Long>> expected = new TreeMap<>();
    TreeMap<Integer, List<Long>> lists = new TreeMap<>();
    int[] times = new int[1];
    try (BufferAllocator allocator = new RootAllocator();
        IntVector key = new IntVector("key", allocator);
        BigIntVector value = new BigIntVector("value", allocator);
        ListsByKey byKey =
            new ListsByKey(
                allocator,
                batch -> {
                  times[0]++;
                  for (int row = 0; row < batch.getRowCount(); row++) {
                    int of = ((IntVector) batch.getVector(0)).get(row);
                    assertThat(lists.put(of, values((ListVector) batch.getVector(1), row)))
                        .isNull();
                  }
                })) {
      VectorSchemaRoot rows = VectorSchemaRoot.of(key, value);
      byKey.accept(rows); // The first batch may be empty.
      int filled = 0;
      for (int k = 1; k <= 600; k++) {
        expected.put(k, new ArrayList<>());
        for (long i = 0; i < k; i++) {
          expected.get(k).add(1000L * k + i);
          key.setSafe(filled, k);
          value.setSafe(filled, 1000L * k + i);
          if (++filled == 1_777) {
            rows.setRowCount(filled);
            byKey.accept(rows);
            filled = 0;
          }
        }
      }
      rows.setRowCount(filled);
      byKey.accept(rows);
      byKey.finish();
    }
    // 180,300 values, handed over from 65,536 on.
    assertThat(times[0]).isEqualTo(3);
    assertThat(lists).isEqualTo(expected);
  }

  private static List<Long> values(ListVector lists, int row) {
    List<Long> values = new ArrayList<>();
    for (long i = lists.getElementStartIndex(row); i < lists.getElementEndIndex(row); i++) {
      values.add(lists.getDataVector().getDataBuffer().getLong(i * Long.BYTES));
    }
    return values;
  }
}
