package org.llm4msr.runtime.data.arrow;

import java.nio.ByteBuffer;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.llm4msr.runtime.batch.FieldValues;

/**
 * A column with the weights of the elements of another column's lists (list or large_list of
 * float32 or float64), read in place. Each is finite and above 0.
 */
public final class ListWeightColumn {

  private final ArrowFile file;
  private final String name;
  private final ListOffsets offsets;
  private final boolean doubles;
  private final ByteBuffer[] data;

  /** Opens a column. */
  public ListWeightColumn(ArrowFile file, String name) {
    this.file = file;
    this.name = name;
    String expected = "list of float32 or float64";
    offsets = new ListOffsets(file, name, expected);
    ArrowType type = file.field(name).getChildren().get(0).getType();
    if (!(type instanceof ArrowType.FloatingPoint real)
        || real.getPrecision() == FloatingPointPrecision.HALF) {
      throw file.wrongType(name, expected);
    }
    doubles = real.getPrecision() == FloatingPointPrecision.DOUBLE;
    int width = doubles ? Double.BYTES : Float.BYTES;
    data = Columns.fixedWidth(file, name, offsets.values(), width);
  }

  /**
   * Copies the weights at the picked places.
   *
   * @param target has the ids of these places
   */
  public void gather(long[] picks, int count, FieldValues.IdLists target) {
    float[] weights = target.weigh(0);
    for (int i = 0; i < count; i++) {
      copy(picks[i], target.offsets[i + 1] - target.offsets[i], weights, target.offsets[i]);
    }
  }

  /**
   * Returns the weights at one place.
   *
   * @param ids how many ids it has
   */
  public float[] get(long pick, int ids) {
    float[] weights = new float[ids];
    copy(pick, ids, weights, 0);
    return weights;
  }

  private void copy(long pick, int ids, float[] target, int at) {
    int length = offsets.length(pick);
    if (length != ids) {
      throw bad(pick, length + " weights of " + ids + " ids", "each id has one");
    }
    ByteBuffer values = data[Columns.block(pick)];
    int from = offsets.start(pick);
    for (int i = 0; i < length; i++) {
      float weight =
          doubles ? (float) values.getDouble((from + i) << 3) : values.getFloat((from + i) << 2);
      if (!(weight > 0 && weight <= FieldValues.IdLists.LARGEST_WEIGHT)) {
        throw bad(pick, "the weight " + weight, "weights are above 0 and at most 1e30");
      }
      target[at + i] = weight;
    }
  }

  private RuntimeException bad(long pick, String found, String rule) {
    return DataErrors.data(
        "BAD_VALUE",
        "%s: column '%s' has %s in row %d; %s."
            .formatted(
                file.path(),
                name,
                found,
                file.start(Columns.block(pick)) + Columns.row(pick),
                rule));
  }
}
