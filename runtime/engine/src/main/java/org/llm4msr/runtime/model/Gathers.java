package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import org.llm4msr.runtime.engine.EngineTraits;

/** Selection of rows by an index array, with gradient, in the one form that all engines share. */
final class Gathers {

  private Gathers() {}

  /**
   * Makes an index array (n) on the engine of the manager, which owns it even if the open scope
   * ends first.
   */
  static NDArray index(NDManager manager, int[] rows) {
    NDArray index =
        EngineTraits.of(manager).integerIndices()
            ? manager.create(rows, new Shape(rows.length))
            : manager.create(floats(rows), new Shape(rows.length));
    NDScope.unregister(index);
    return index;
  }

  private static float[] floats(int[] rows) {
    float[] floats = new float[rows.length];
    for (int i = 0; i < rows.length; i++) {
      floats[i] = rows[i];
    }
    return floats;
  }

  /** Selects along the first axis: x (m, ...) and an index (n) give (n, ...). */
  static NDArray rows(NDArray x, NDArray index) {
    Shape shape = x.getShape();
    long count = index.getShape().get(0);
    NDArray flat = shape.dimension() == 2 ? x : x.reshape(shape.get(0), shape.slice(1).size());
    NDArray selected = select(flat, index);
    return shape.dimension() == 2
        ? selected
        : selected.reshape(new Shape(count).addAll(shape.slice(1)));
  }

  /**
   * Does not close the list, which has no memory of its own: taking the array out of it first would
   * compare arrays by value, which fails for NaN.
   */
  private static NDArray select(NDArray x, NDArray index) {
    return Embedding.embedding(index, x, SparseFormat.DENSE).singletonOrThrow();
  }
}
