package org.llm4msr.runtime.assembly.fields;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.Iterator;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.tables.EmbeddingTables;

/**
 * The parts of the flat input.
 *
 * @param vectors the embedded fields, (B, W)
 * @param weights first-order weights, (B, fields); null for a model without
 * @param sequences what sequences read, (B, n); null for a model without
 * @param share that of {@link ColdShares}, (B, 1); null where the tables leave no column for it
 */
public record FlatColumns(
    NDArray vectors,
    @Nullable NDArray weights,
    @Nullable NDArray sequences,
    @Nullable NDArray share) {

  /** Divides a flat input, (B, width of the tables). */
  public static FlatColumns of(EmbeddingTables tables, NDArray flat) {
    long weights = tables.vectorWidth();
    long sequences = weights + tables.linear().size();
    long share = tables.sequencesEnd();
    Iterator<NDArray> parts = split(flat, weights, sequences, share).iterator();
    return new FlatColumns(
        parts.next(),
        sequences > weights ? parts.next() : null,
        share > sequences ? parts.next() : null,
        tables.width() > share ? parts.next() : null);
  }

  /**
   * Returns embedded fields in which one is 1 - share times its own columns, and others added.
   *
   * @param first of its columns
   * @param other (B, its width), times share where forms mix
   * @param share (B, 1)
   */
  public static NDArray mix(NDArray vectors, int first, NDArray other, NDArray share) {
    NDList parts = split(vectors, first, first + other.getShape().get(1));
    int own = first == 0 ? 0 : 1;
    NDArray mixed = parts.get(own).mul(share.neg().add(1)).add(other);
    if (parts.size() == 1) {
      return mixed;
    }
    parts.set(own, mixed);
    return NDArrays.concat(parts, 1);
  }

  /** Splits columns at places, of which those that divide nothing are left out. */
  private static NDList split(NDArray columns, long... places) {
    long[] inner =
        LongStream.of(places)
            .filter(place -> place > 0 && place < columns.getShape().get(1))
            .distinct()
            .toArray();
    return inner.length == 0 ? new NDList(columns) : columns.split(inner, 1);
  }
}
