package org.llm4msr.runtime.data.arrow;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.llm4msr.runtime.tables.FieldValues;

/** A column of lists of ids (list or large_list of int32 or int64), read in place. */
public final class IdListColumn {

  private final ArrowFile file;
  private final String name;
  private final boolean large;
  private final ByteBuffer[] offsets;
  private final int[] valueCounts;
  private final IdColumn values;

  public IdListColumn(ArrowFile file, String name, int limit) {
    Field field = file.field(name);
    boolean list = field.getType() instanceof ArrowType.List;
    large = field.getType() instanceof ArrowType.LargeList;
    if ((!list && !large) || field.getChildren().size() != 1) {
      throw file.wrongType(name, "list of int32 or int64");
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
    ArrowType valueType = field.getChildren().get(0).getType();
    List<ArrowFile.Node> valueNodes = nodes.stream().map(n -> n.children().get(0)).toList();
    values = new IdColumn(file, name, limit, valueType, valueNodes);
  }

  /** Copies the lists at the picked places. */
  public void gather(long[] picks, int count, FieldValues.IdLists target) {
    int[] targetOffsets = target.offsets;
    targetOffsets[0] = 0;
    int end = 0;
    for (int i = 0; i < count; i++) {
      end = append(picks[i], end, target);
      targetOffsets[i + 1] = end;
    }
    if (!values.inRange(target.ids, 0, end)) {
      int bad = values.firstOutOfRange(target.ids, 0, end);
      int row = Arrays.binarySearch(targetOffsets, 0, count + 1, bad + 1);
      throw values.outOfRange(picks[row >= 0 ? row - 1 : -row - 2], target.ids[bad]);
    }
  }

  /** Returns the list at one place. */
  public int[] get(long pick) {
    FieldValues.IdLists lists = new FieldValues.IdLists(1);
    gather(new long[] {pick}, 1, lists);
    return Arrays.copyOf(lists.ids, lists.offsets[1]);
  }

  private int append(long pick, int end, FieldValues.IdLists target) {
    int block = Columns.block(pick);
    long from = offset(block, Columns.row(pick));
    long to = offset(block, Columns.row(pick) + 1);
    if (from < 0 || from > to || to > valueCounts[block]) {
      throw DataErrors.data(
          "BAD_ARROW_FILE", file.path() + ": column '" + name + "' has broken list offsets.");
    }
    int length = (int) (to - from);
    if (end + length > target.ids.length) {
      target.ids = Arrays.copyOf(target.ids, Math.max(end + length, 2 * target.ids.length));
    }
    for (int i = 0; i < length; i++) {
      target.ids[end + i] = values.raw(block, (int) from + i);
    }
    return end + length;
  }

  private long offset(int block, int row) {
    return large ? offsets[block].getLong(row << 3) : offsets[block].getInt(row << 2);
  }
}
