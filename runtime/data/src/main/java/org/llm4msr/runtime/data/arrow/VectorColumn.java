package org.llm4msr.runtime.data.arrow;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** A column of vectors of finite numbers (fixed-size list of float32), read in place. */
public final class VectorColumn {

  private static final ArrowType FLOAT = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);

  private final ArrowFile file;
  private final String name;
  private final int size;
  private final FloatBuffer[] data;

  /**
   * Opens a column.
   *
   * @param size numbers of a vector
   */
  public VectorColumn(ArrowFile file, String name, int size) {
    Field field = file.field(name);
    boolean fits =
        field.getType() instanceof ArrowType.FixedSizeList list
            && list.getListSize() == size
            && field.getChildren().get(0).getType().equals(FLOAT);
    if (!fits) {
      throw file.wrongType(name, "fixed-size list of " + size + " float32");
    }
    this.file = file;
    this.name = name;
    this.size = size;
    List<ArrowFile.Node> nodes = file.nodes(name);
    Columns.noNulls(file, name, nodes);
    List<ArrowFile.Node> values = nodes.stream().map(node -> node.children().get(0)).toList();
    ByteBuffer[] bytes = Columns.fixedWidth(file, name, values, Float.BYTES);
    data = new FloatBuffer[bytes.length];
    for (int b = 0; b < data.length; b++) {
      Columns.wholeBuffer(file, name, bytes[b], (long) nodes.get(b).length() * size * Float.BYTES);
      data[b] = bytes[b].asFloatBuffer();
    }
  }

  /** Copies the vectors at the picked places, one after the other. */
  public void gather(long[] picks, int count, float[] target) {
    for (int i = 0; i < count; i++) {
      copy(picks[i], target, i * size);
    }
  }

  /** Copies one vector. */
  public void copy(long pick, float[] target, int at) {
    data[Columns.block(pick)].get(Columns.row(pick) * size, target, at, size);
    for (int k = at; k < at + size; k++) {
      if (!Float.isFinite(target[k])) {
        throw DataErrors.data(
            "BAD_VALUE",
            "%s: column '%s' has a vector with %s in row %d; numbers must be finite."
                .formatted(file.path(pick), name, target[k], file.rowInFile(pick)));
      }
    }
  }
}
