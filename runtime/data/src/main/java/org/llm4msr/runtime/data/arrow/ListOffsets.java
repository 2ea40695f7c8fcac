package org.llm4msr.runtime.data.arrow;

import java.nio.ByteBuffer;
import java.util.List;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** Where the lists of a column (list or large_list) begin and end, read in place. */
final class ListOffsets {

  private final ArrowFile file;
  private final String name;
  private final boolean large;
  private final ByteBuffer[] offsets;
  private final int[] valueCounts;

  /**
   * Opens the offsets of a column without null lists.
   *
   * @param expected its type in words, for errors
   */
  ListOffsets(ArrowFile file, String name, String expected) {
    Field field = file.field(name);
    boolean list = field.getType() instanceof ArrowType.List;
    large = field.getType() instanceof ArrowType.LargeList;
    if ((!list && !large) || field.getChildren().size() != 1) {
      throw file.wrongType(name, expected);
    }
    this.file = file;
    this.name = name;
    List<ArrowFile.Node> nodes = file.nodes(name);
    Columns.noNulls(file, name, nodes);
    offsets = new ByteBuffer[nodes.size()];
    valueCounts = new int[nodes.size()];
    for (int b = 0; b < offsets.length; b++) {
      offsets[b] = nodes.get(b).buffers().get(1);
      valueCounts[b] = nodes.get(b).children().get(0).length();
      long width = large ? Long.BYTES : Integer.BYTES;
      Columns.wholeBuffer(file, name, offsets[b], (nodes.get(b).length() + 1L) * width);
    }
  }

  /** Returns the values of all lists, by record batch. */
  List<ArrowFile.Node> values() {
    return file.nodes(name).stream().map(node -> node.children().get(0)).toList();
  }

  /** Returns the place of a list's first value in its record batch. */
  int start(long pick) {
    return (int) offset(Columns.block(pick), Columns.row(pick));
  }

  /** Returns how many values a list has, after checking that they are there. */
  int length(long pick) {
    int block = Columns.block(pick);
    long from = offset(block, Columns.row(pick));
    long to = offset(block, Columns.row(pick) + 1);
    if (from < 0 || from > to || to > valueCounts[block]) {
      throw DataErrors.data(
          "BAD_ARROW_FILE", file.path() + ": column '" + name + "' has broken list offsets.");
    }
    return (int) (to - from);
  }

  private long offset(int block, int row) {
    return large ? offsets[block].getLong(row << 3) : offsets[block].getInt(row << 2);
  }
}
