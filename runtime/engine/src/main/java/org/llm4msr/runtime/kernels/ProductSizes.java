package org.llm4msr.runtime.kernels;

import ai.djl.ndarray.types.Shape;
import org.llm4msr.runtime.kernels.LayerProducts.Tile;

/**
 * The sizes of products of rows with the matrices of their groups, {@code each} (in, out) matrices
 * a group, side by side in the row. Addresses are those of numbers of so many bytes.
 */
public record ProductSizes(int each, int in, int out) {

  /** Returns the sizes of weights (G, n, m) or (G, e, n, m). */
  public static ProductSizes ofGroups(Shape weight) {
    return of(weight, 1, "(G, n, m)");
  }

  /** Returns the sizes of weights (n, m) or (e, n, m) of all rows. */
  public static ProductSizes ofAll(Shape weight) {
    return of(weight, 0, "(n, m)");
  }

  private static ProductSizes of(Shape weight, int lead, String expected) {
    int axes = weight.dimension() - lead;
    if (axes != 2 && axes != 3) {
      throw new IllegalArgumentException("weights are " + weight + ", not " + expected);
    }
    int each = axes == 2 ? 1 : (int) weight.get(lead);
    int last = weight.dimension() - 1;
    return new ProductSizes(each, (int) weight.get(last - 1), (int) weight.get(last));
  }

  /** Returns the shape of weights of so many groups. */
  public Shape shape(int groups, int axes) {
    return axes == 3 ? new Shape(groups, in, out) : new Shape(groups, each, in, out);
  }

  /** Returns how many numbers the matrices of a group have. */
  public long weights() {
    return (long) each * in * out;
  }

  public int rowIn() {
    return each * in;
  }

  public int rowOut() {
    return each * out;
  }

  /** Returns the address of a row's numbers for one matrix. */
  public long row(long rows, int row, int part, int bytes) {
    return rows + ((long) row * rowIn() + (long) part * in) * bytes;
  }

  /** Returns the address of a row's results of one matrix. */
  public long result(long results, int row, int part, int bytes) {
    return results + ((long) row * rowOut() + (long) part * out) * bytes;
  }

  /** Returns the address of a tile's first result. */
  public long result(Tile tile, long results, int bytes) {
    return result(results, tile.rows().from(), tile.part(), bytes) + (long) tile.from() * bytes;
  }

  /** Returns the address of a tile's first weight. */
  public long weights(Tile tile, long weights, int bytes) {
    return matrix(weights, tile.rows().group(), tile.part(), bytes) + (long) tile.from() * bytes;
  }

  /** Returns the address of the first weight of a row of a tile's weights. */
  public long weights(Tile tile, int row, long weights, int bytes) {
    return weights(tile, weights, bytes) + (long) row * out * bytes;
  }

  public long matrix(long weights, int group, int part, int bytes) {
    return weights + ((long) group * each + part) * in * out * bytes;
  }
}
