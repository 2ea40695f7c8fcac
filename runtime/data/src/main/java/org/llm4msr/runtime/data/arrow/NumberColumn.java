package org.llm4msr.runtime.data.arrow;

import java.nio.ByteBuffer;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** A column of finite numbers (float32, float64, or whole numbers of 8, 32 or 64 bits). */
public final class NumberColumn {

  /** The stored form. */
  private enum Form {
    FLOAT,
    DOUBLE,
    BYTE,
    INT,
    LONG
  }

  private final ArrowFile file;
  private final String name;
  private final Form form;
  private final ByteBuffer[] data;

  public NumberColumn(ArrowFile file, String name) {
    this.file = file;
    this.name = name;
    this.form = form();
    int width =
        switch (form) {
          case BYTE -> 1;
          case FLOAT, INT -> 4;
          case DOUBLE, LONG -> 8;
        };
    this.data = Columns.fixedWidth(file, name, file.nodes(name), width);
  }

  private Form form() {
    ArrowType type = file.field(name).getType();
    if (type instanceof ArrowType.FloatingPoint real
        && real.getPrecision() != FloatingPointPrecision.HALF) {
      return real.getPrecision() == FloatingPointPrecision.SINGLE ? Form.FLOAT : Form.DOUBLE;
    }
    int bits = type instanceof ArrowType.Int integer ? integer.getBitWidth() : 0;
    return switch (bits) {
      case 8 -> Form.BYTE;
      case 32 -> Form.INT;
      case 64 -> Form.LONG;
      default -> throw file.wrongType(name, "float32, float64, int8, uint8, int32 or int64");
    };
  }

  /** Copies the values at the picked places. */
  public void gather(long[] picks, int count, float[] target) {
    switch (form) {
      case FLOAT -> {
        for (int i = 0; i < count; i++) {
          target[i] = data[Columns.block(picks[i])].getFloat(Columns.row(picks[i]) << 2);
        }
      }
      case DOUBLE -> {
        for (int i = 0; i < count; i++) {
          target[i] = (float) data[Columns.block(picks[i])].getDouble(Columns.row(picks[i]) << 3);
        }
      }
      case BYTE -> {
        for (int i = 0; i < count; i++) {
          target[i] = data[Columns.block(picks[i])].get(Columns.row(picks[i]));
        }
      }
      case INT -> {
        for (int i = 0; i < count; i++) {
          target[i] = data[Columns.block(picks[i])].getInt(Columns.row(picks[i]) << 2);
        }
      }
      case LONG -> {
        for (int i = 0; i < count; i++) {
          target[i] = data[Columns.block(picks[i])].getLong(Columns.row(picks[i]) << 3);
        }
      }
    }
    requireFinite(picks, count, target);
  }

  /** Returns one value. */
  public float get(long pick) {
    float[] value = new float[1];
    gather(new long[] {pick}, 1, value);
    return value[0];
  }

  private void requireFinite(long[] picks, int count, float[] values) {
    for (int i = 0; i < count; i++) {
      if (!Float.isFinite(values[i])) {
        throw bad(picks[i], values[i], "numbers must be finite");
      }
    }
  }

  /** Refuses values other than 0, 1 and NaN, for a further label that is not known. */
  public void requireLabelsOrNan(long[] picks, int count, float[] values) {
    for (int i = 0; i < count; i++) {
      if (values[i] != 0 && values[i] != 1 && !Float.isNaN(values[i])) {
        throw bad(picks[i], values[i], "further labels must be 0, 1 or -1");
      }
    }
  }

  /** Refuses values other than 0 and 1. */
  public void requireLabels(long[] picks, int count, float[] values) {
    for (int i = 0; i < count; i++) {
      if (values[i] != 0 && values[i] != 1) {
        throw bad(picks[i], values[i], "labels must be 0 or 1");
      }
    }
  }

  /** Refuses negative values. */
  public void requireWeights(long[] picks, int count, float[] values) {
    for (int i = 0; i < count; i++) {
      if (values[i] < 0) {
        throw bad(picks[i], values[i], "weights must be at least 0");
      }
    }
  }

  private RuntimeException bad(long pick, float value, String rule) {
    return DataErrors.data(
        "BAD_VALUE",
        file.path(pick)
            + ": column '"
            + name
            + "' has "
            + value
            + " in row "
            + file.rowInFile(pick)
            + "; "
            + rule
            + ".");
  }
}
