package org.llm4msr.runtime.data;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.jspecify.annotations.Nullable;

/** A column of times in milliseconds since 1970 (int64 or timestamp), some of which may be null. */
final class TimeColumn {

  private final List<ArrowFile.Node> nodes;

  TimeColumn(ArrowFile file, String name) {
    ArrowType type = file.field(name).getType();
    boolean whole = type instanceof ArrowType.Int integer && integer.getBitWidth() == 64;
    boolean timestamp =
        type instanceof ArrowType.Timestamp time && time.getUnit() == TimeUnit.MILLISECOND;
    if (!whole && !timestamp) {
      throw file.wrongType(name, "int64 or timestamp in milliseconds");
    }
    nodes = file.nodes(name);
    for (ArrowFile.Node node : nodes) {
      Columns.wholeBuffer(file, name, node.buffers().get(1), (long) node.length() * Long.BYTES);
    }
  }

  /** The earliest and latest time of a part, as ISO 8601 text. */
  record Range(String from, String to) {}

  /** Returns the range, or null where no row has a time. */
  @Nullable Range range() {
    long first = Long.MAX_VALUE;
    long last = Long.MIN_VALUE;
    for (ArrowFile.Node node : nodes) {
      ByteBuffer times = node.buffers().get(1);
      for (int row = 0; row < node.length(); row++) {
        if (present(node, row)) {
          first = Math.min(first, times.getLong(row << 3));
          last = Math.max(last, times.getLong(row << 3));
        }
      }
    }
    return first > last
        ? null
        : new Range(Instant.ofEpochMilli(first).toString(), Instant.ofEpochMilli(last).toString());
  }

  private static boolean present(ArrowFile.Node node, int row) {
    return node.nulls() == 0 || (node.buffers().get(0).get(row >> 3) >> (row & 7) & 1) == 1;
  }
}
