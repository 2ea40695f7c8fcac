package org.llm4msr.tck.harness;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.api.model.Sequence;
import org.llm4msr.api.model.SequenceShape;
import org.llm4msr.runtime.model.ModelShape;

/**
 * The sequence on which models are tested that read some. A row of its columns has the vectors of
 * its events, newest first and zeros behind the last, then 1 for each and 0 behind, then the
 * target.
 */
public final class SequenceData {

  private static final String NAME = "past";
  private static final int LENGTH = 4;
  private static final int WIDTH = 4;

  private SequenceData() {}

  /** Returns a shape with the sequence if the model reads some and the shape has none. */
  public static ModelShape in(ModelShape shape, Set<ModelInput> declared) {
    return shape.sequences().isEmpty() && declared.contains(ModelInput.SEQUENCES)
        ? with(shape, 0)
        : shape;
  }

  /** Returns a shape with the sequence, and some places more than the events need. */
  public static ModelShape with(ModelShape shape, int more) {
    return new ModelShape(
        shape.layout(),
        shape.scenarios(),
        shape.scenarioEmbeddingSize(),
        List.of(new SequenceShape(NAME, LENGTH + more, WIDTH)));
  }

  /** Draws the columns of some rows, each with one event at least. */
  static float[][] draw(SplittableRandom random, int rows) {
    float[][] columns = new float[rows][LENGTH * WIDTH + LENGTH + WIDTH];
    for (float[] row : columns) {
      int events = 1 + random.nextInt(LENGTH);
      for (int i = 0; i < row.length; i++) {
        boolean isMask = i >= LENGTH * WIDTH && i < LENGTH * WIDTH + LENGTH;
        float drawn = (float) random.nextGaussian();
        if (isMask) {
          row[i] = i - LENGTH * WIDTH < events ? 1 : 0;
        } else {
          row[i] = i >= events * WIDTH && i < LENGTH * WIDTH ? 0 : drawn;
        }
      }
    }
    return columns;
  }

  /** Returns columns with the same targets and no event. */
  static float[][] without(float[][] columns) {
    float[][] without = new float[columns.length][];
    for (int row = 0; row < columns.length; row++) {
      without[row] = columns[row].clone();
      Arrays.fill(without[row], 0, LENGTH * WIDTH + LENGTH, 0);
    }
    return without;
  }

  /** Returns columns with vectors and targets times a factor. */
  static float[][] scaled(float factor, float[][] columns) {
    float[][] scaled = new float[columns.length][];
    for (int row = 0; row < columns.length; row++) {
      scaled[row] = columns[row].clone();
      for (int i = 0; i < scaled[row].length; i++) {
        boolean isMask = i >= LENGTH * WIDTH && i < LENGTH * WIDTH + LENGTH;
        scaled[row][i] *= isMask ? 1 : factor;
      }
    }
    return scaled;
  }

  /** Returns columns for a longer sequence with the same events. */
  static float[][] of(SequenceShape shape, float[][] columns) {
    int length = shape.length();
    float[][] longer = new float[columns.length][columns(shape)];
    for (int row = 0; row < columns.length; row++) {
      float[] from = columns[row];
      System.arraycopy(from, 0, longer[row], 0, LENGTH * WIDTH);
      System.arraycopy(from, LENGTH * WIDTH, longer[row], length * WIDTH, LENGTH);
      System.arraycopy(from, LENGTH * WIDTH + LENGTH, longer[row], length * WIDTH + length, WIDTH);
    }
    return longer;
  }

  /** Returns how many columns a sequence has. */
  static int columns(SequenceShape shape) {
    return shape.length() * shape.width() + shape.length() + shape.width();
  }

  /**
   * Returns the sequence of a batch.
   *
   * @param columns (B, {@link #columns})
   */
  static Sequence sequence(SequenceShape shape, NDArray columns) {
    long vectors = (long) shape.length() * shape.width();
    NDList parts = columns.split(new long[] {vectors, vectors + shape.length()}, 1);
    Shape each = new Shape(columns.getShape().get(0), shape.length(), shape.width());
    return new Sequence(shape.name(), parts.get(0).reshape(each), parts.get(1), parts.get(2));
  }
}
