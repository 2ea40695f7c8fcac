package org.llm4msr.runtime.data.arrow;

import java.util.List;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** A column of times in milliseconds since 1970 (int64 or timestamp), some of which may be null. */
public final class TimeColumn {

  private final List<ArrowFile.Node> nodes;

  public TimeColumn(ArrowFile file, String name) {
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
      if (node.nulls() != 0) {
        Columns.wholeBuffer(file, name, node.buffers().get(0), (node.length() + 7L) / 8);
      }
    }
  }

  /** Returns whether a row has a time. */
  public boolean has(long pick) {
    return present(nodes.get(Columns.block(pick)), Columns.row(pick));
  }

  /** Returns the time of a row that has one. */
  public long get(long pick) {
    return nodes.get(Columns.block(pick)).buffers().get(1).getLong(Columns.row(pick) << 3);
  }

  private static boolean present(ArrowFile.Node node, int row) {
    return node.nulls() == 0 || (node.buffers().get(0).get(row >> 3) >> (row & 7) & 1) == 1;
  }
}
