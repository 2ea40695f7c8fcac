package org.llm4msr.runtime.data.arrow;

import java.util.Arrays;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.llm4msr.runtime.batch.FieldValues;

/** A column of lists of ids (list or large_list of int32 or int64), read in place. */
public final class IdListColumn {

  private final ListOffsets offsets;
  private final IdColumn values;

  public IdListColumn(ArrowFile file, String name, int limit) {
    offsets = new ListOffsets(file, name, "list of int32 or int64");
    ArrowType valueType = file.field(name).getChildren().get(0).getType();
    values = new IdColumn(file, name, limit, valueType, offsets.values());
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
    int length = offsets.length(pick);
    int from = offsets.start(pick);
    if (end + length > target.ids.length) {
      target.ids = Arrays.copyOf(target.ids, Math.max(end + length, 2 * target.ids.length));
    }
    for (int i = 0; i < length; i++) {
      target.ids[end + i] = values.raw(block, from + i);
    }
    return end + length;
  }
}
