package org.llm4msr.runtime.batch;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The values of one field in a batch, in arrays that the next batch reuses. */
public sealed interface FieldValues {

  /** Makes room for as many rows of the same field. */
  FieldValues like(int rows);

  /**
   * Takes rows of another batch: row i is its row {@code order[i]}.
   *
   * @param from the same field
   * @param rows B
   */
  void pick(FieldValues from, int[] order, int rows);

  /**
   * Takes one row of another batch; lists are filled row after row.
   *
   * @param from the same field
   * @param row of the other batch
   * @param at the row that takes it
   */
  void take(FieldValues from, int row, int at);

  /**
   * One id per row; 0 is out of vocabulary.
   *
   * @param ids (at least B)
   */
  @SuppressWarnings("ArrayRecordComponent") // Reused buffers.
  record Ids(int[] ids) implements FieldValues {

    @Override
    public Ids like(int rows) {
      return new Ids(new int[rows]);
    }

    @Override
    public void pick(FieldValues from, int[] order, int rows) {
      int[] source = ((Ids) from).ids;
      for (int i = 0; i < rows; i++) {
        ids[i] = source[order[i]];
      }
    }

    @Override
    public void take(FieldValues from, int row, int at) {
      ids[at] = ((Ids) from).ids[row];
    }
  }

  /** A list of ids per row, which may have weights. The arrays grow as needed. */
  non-sealed class IdLists implements FieldValues {

    /** So large ones of a list add up to a finite number. */
    public static final double LARGEST_WEIGHT = 1e30;

    /** Row r has {@code ids[offsets[r]]} to {@code ids[offsets[r + 1] - 1]}; (at least B + 1). */
    public final int[] offsets;

    /** All ids, row after row. */
    public int[] ids;

    /** How much each id counts, above 0; null while no row has had weights, and all count 1. */
    public float @Nullable [] weights;

    /** Makes room for {@code rows} rows. */
    public IdLists(int rows) {
      offsets = new int[rows + 1];
      ids = new int[rows * 4];
    }

    /** Makes the same lists with other ids. */
    protected IdLists(IdLists other, int[] ids) {
      offsets = other.offsets;
      this.ids = ids;
      weights = other.weights;
    }

    /** Returns the same lists with other ids. */
    public IdLists with(int[] others) {
      return new IdLists(this, others);
    }

    /** Sets the list of a row, after those of all rows before it. */
    public void set(int row, int[] list, int length) {
      set(row, list, null, 0, length);
    }

    /**
     * Sets the list of a row, after those of all rows before it.
     *
     * @param weightsOfList of its ids, above 0; null if all count 1
     */
    public void set(int row, int[] list, float @Nullable [] weightsOfList, int length) {
      set(row, list, weightsOfList, 0, length);
    }

    private void set(int row, int[] list, float @Nullable [] ofList, int start, int length) {
      int from = row == 0 ? 0 : offsets[row];
      int to = from + length;
      if (to > ids.length) {
        ids = Arrays.copyOf(ids, Math.max(to, 2 * ids.length));
      }
      System.arraycopy(list, start, ids, from, length);
      offsets[row + 1] = to;
      if (ofList != null) {
        System.arraycopy(ofList, start, weigh(from), from, length);
      } else if (weights != null) {
        Arrays.fill(weigh(from), from, to, 1f);
      }
    }

    /**
     * Makes room for a weight of each id there is room for.
     *
     * @param before how many ids come before those that are weighed now
     */
    public float[] weigh(int before) {
      if (weights == null) {
        weights = new float[ids.length];
        Arrays.fill(weights, 0, before, 1f);
      } else if (weights.length < ids.length) {
        weights = Arrays.copyOf(weights, ids.length);
      }
      return weights;
    }

    /**
     * Returns by what the vectors of a row are multiplied, so that they make a mean.
     *
     * @return 1 / n for n ids, 1 / w with weights that add up to w
     */
    public float share(int row) {
      int from = offsets[row];
      int to = offsets[row + 1];
      if (weights == null) {
        return 1f / (to - from);
      }
      float sum = 0;
      for (int i = from; i < to; i++) {
        sum += weights[i];
      }
      return 1f / sum;
    }

    /** Returns whether the list of a row is that of a value that is missing or not known. */
    public boolean hasNoneKnown(int row) {
      int start = row == 0 ? 0 : offsets[row];
      return offsets[row + 1] - start == 1 && ids[start] == 0;
    }

    @Override
    public IdLists like(int rows) {
      return new IdLists(rows);
    }

    @Override
    public void pick(FieldValues from, int[] order, int rows) {
      for (int i = 0; i < rows; i++) {
        take(from, order[i], i);
      }
    }

    @Override
    public void take(FieldValues from, int row, int at) {
      IdLists source = (IdLists) from;
      int start = row == 0 ? 0 : source.offsets[row];
      set(at, source.ids, source.weights, start, source.offsets[row + 1] - start);
    }
  }

  /**
   * One standardised number per row; 0 where it was missing.
   *
   * @param values (at least B)
   */
  @SuppressWarnings("ArrayRecordComponent") // Reused buffers.
  record Numbers(float[] values) implements FieldValues {

    @Override
    public Numbers like(int rows) {
      return new Numbers(new float[rows]);
    }

    @Override
    public void pick(FieldValues from, int[] order, int rows) {
      float[] source = ((Numbers) from).values;
      for (int i = 0; i < rows; i++) {
        values[i] = source[order[i]];
      }
    }

    @Override
    public void take(FieldValues from, int row, int at) {
      values[at] = ((Numbers) from).values[row];
    }
  }

  /**
   * A vector of standardised numbers per row; zeros where it was missing.
   *
   * @param size numbers of a vector
   * @param values (at least B * size), row after row
   */
  @SuppressWarnings("ArrayRecordComponent") // Reused buffers.
  record Vectors(int size, float[] values) implements FieldValues {

    /** Makes room for some rows. */
    public static Vectors of(int size, int rows) {
      return new Vectors(size, new float[Math.multiplyExact(rows, size)]);
    }

    @Override
    public Vectors like(int rows) {
      return of(size, rows);
    }

    @Override
    public void pick(FieldValues from, int[] order, int rows) {
      float[] source = ((Vectors) from).values;
      for (int i = 0; i < rows; i++) {
        System.arraycopy(source, order[i] * size, values, i * size, size);
      }
    }

    @Override
    public void take(FieldValues from, int row, int at) {
      System.arraycopy(((Vectors) from).values, row * size, values, at * size, size);
    }
  }
}
