package org.llm4msr.runtime.data.arrow;

import java.nio.ByteBuffer;
import java.util.List;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.llm4msr.api.MsrException;

/** A column of int32 or int64 numbers from 0 to below a limit, read in place. */
public final class IdColumn {

  private final ArrowFile file;
  private final String name;
  private final int limit;
  private final boolean wide;
  private final ByteBuffer[] data;

  public IdColumn(ArrowFile file, String name, int limit) {
    this(file, name, limit, file.field(name).getType(), file.nodes(name));
  }

  public IdColumn(
      ArrowFile file, String name, int limit, ArrowType type, List<ArrowFile.Node> nodes) {
    if (!(type instanceof ArrowType.Int integer) || integer.getBitWidth() < 32) {
      throw file.wrongType(name, "int32 or int64");
    }
    this.file = file;
    this.name = name;
    this.limit = limit;
    this.wide = integer.getBitWidth() == 64;
    this.data = Columns.fixedWidth(file, name, nodes, wide ? Long.BYTES : Integer.BYTES);
  }

  /** Returns one value, unchecked; a negative one if it does not fit an int. */
  public int raw(int block, int row) {
    return wide ? narrow(data[block].getLong(row << 3)) : data[block].getInt(row << 2);
  }

  /** Returns one value. */
  public int get(long pick) {
    int value = raw(Columns.block(pick), Columns.row(pick));
    if (value < 0 || value >= limit) {
      throw outOfRange(pick, value);
    }
    return value;
  }

  /** Copies the values at the picked places. */
  public void gather(long[] picks, int count, int[] target) {
    int done = 0;
    while (done < count) {
      done =
          wide ? gatherLongs(picks, done, count, target) : gatherInts(picks, done, count, target);
    }
    if (!inRange(target, 0, count)) {
      int bad = firstOutOfRange(target, 0, count);
      throw outOfRange(picks[bad], target[bad]);
    }
  }

  /** Copies the values of consecutive places in one record batch: places are mostly sorted. */
  private int gatherInts(long[] picks, int from, int count, int[] target) {
    int block = Columns.block(picks[from]);
    ByteBuffer values = data[block];
    int i = from;
    for (; i < count && Columns.block(picks[i]) == block; i++) {
      target[i] = values.getInt(Columns.row(picks[i]) << 2);
    }
    return i;
  }

  private int gatherLongs(long[] picks, int from, int count, int[] target) {
    int block = Columns.block(picks[from]);
    ByteBuffer values = data[block];
    int i = from;
    for (; i < count && Columns.block(picks[i]) == block; i++) {
      target[i] = narrow(values.getLong(Columns.row(picks[i]) << 3));
    }
    return i;
  }

  /** Returns whether all values fit; without a branch per value, so that the loop vectorises. */
  boolean inRange(int[] values, int from, int to) {
    int signs = 0;
    for (int i = from; i < to; i++) {
      signs |= values[i] | (limit - 1 - values[i]);
    }
    return signs >= 0;
  }

  int firstOutOfRange(int[] values, int from, int to) {
    for (int i = from; i < to; i++) {
      if (values[i] < 0 || values[i] >= limit) {
        return i;
      }
    }
    return -1;
  }

  MsrException outOfRange(long pick, int value) {
    return DataErrors.data(
        "ID_RANGE",
        file.path(pick)
            + ": column '"
            + name
            + "' has "
            + (value < 0 ? "a value below 0 or above int32" : value)
            + " in row "
            + file.rowInFile(pick)
            + "; dataset.json says that ids are below "
            + limit
            + ".");
  }

  private static int narrow(long value) {
    return value >= 0 && value <= Integer.MAX_VALUE ? (int) value : -1;
  }
}
