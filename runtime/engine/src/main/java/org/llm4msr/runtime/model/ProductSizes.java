package org.llm4msr.runtime.model;

import ai.djl.ndarray.types.Shape;

/**
 * The sizes of products of rows with the matrices of their groups, {@code each} (in, out) matrices
 * a group, side by side in the row. Addresses are of float32.
 */
record ProductSizes(int each, int in, int out) {

  /** Returns the sizes of weights (G, n, m) or (G, e, n, m). */
  static ProductSizes ofGroups(Shape weight) {
    return of(weight, 1, "(G, n, m)");
  }

  /** Returns the sizes of weights (n, m) or (e, n, m) of all rows. */
  static ProductSizes ofAll(Shape weight) {
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
  Shape shape(int groups, int axes) {
    return axes == 3 ? new Shape(groups, in, out) : new Shape(groups, each, in, out);
  }

  int rowIn() {
    return each * in;
  }

  int rowOut() {
    return each * out;
  }

  long row(long rows, int row) {
    return rows + (long) row * rowIn() * Float.BYTES;
  }

  long result(long results, int row) {
    return results + (long) row * rowOut() * Float.BYTES;
  }

  long matrix(long weights, int group, int part) {
    return weights + ((long) group * each + part) * in * out * Float.BYTES;
  }

  long inputOffset(int part) {
    return (long) part * in * Float.BYTES;
  }

  long outputOffset(int part) {
    return (long) part * out * Float.BYTES;
  }
}
