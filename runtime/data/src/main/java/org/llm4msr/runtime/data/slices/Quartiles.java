package org.llm4msr.runtime.data.slices;

import java.util.Arrays;
import java.util.function.IntConsumer;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.NumberColumn;

/**
 * The exact quartiles of a column in memory that does not depend on its rows: the first pass counts
 * numbers by their upper 16 bits, the second by their lower 16 bits where a quartile lies.
 */
final class Quartiles {

  private static final int HALF = 16;
  private static final int COUNTS = 1 << HALF;

  private final ArrowFile file;
  private final NumberColumn column;

  private Quartiles(ArrowFile file, NumberColumn column) {
    this.file = file;
    this.column = column;
  }

  /**
   * Returns the quartiles of the numbers other than 0, each once and without the largest number:
   * the quartile q is the least number that at least a share q does not exceed.
   */
  static float[] of(ArrowFile file, NumberColumn column) {
    return new Quartiles(file, column).bounds();
  }

  private float[] bounds() {
    long[] upper = new long[COUNTS];
    forEachRank(rank -> upper[rank >>> HALF]++);
    long numbers = Arrays.stream(upper).sum();
    if (numbers == 0) {
      return new float[0];
    }
    int largest = at(upper, numbers - 1);
    int[] bounds =
        Arrays.stream(new long[] {1, 2, 3})
            .map(quarter -> (numbers * quarter + 3) / 4 - 1)
            .mapToInt(place -> at(upper, place))
            .distinct()
            .filter(bound -> bound != largest)
            .toArray();
    float[] values = new float[bounds.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = value(bounds[i]);
    }
    return values;
  }

  /** Returns the rank of the number at a place among the sorted ones. */
  private int at(long[] upper, long place) {
    int high = bin(upper, place);
    long before = Arrays.stream(upper, 0, high).sum();
    long[] lower = new long[COUNTS];
    forEachRank(
        rank -> {
          if (rank >>> HALF == high) {
            lower[rank & (COUNTS - 1)]++;
          }
        });
    return high << HALF | bin(lower, place - before);
  }

  private void forEachRank(IntConsumer visitor) {
    float[] values = TrainingCounts.numbers();
    TrainingCounts.forEachBatch(
        file,
        (picks, rows) -> {
          column.gather(picks, rows, values);
          for (int i = 0; i < rows; i++) {
            if (values[i] != 0) {
              visitor.accept(rank(values[i]));
            }
          }
        });
  }

  private static int bin(long[] counts, long place) {
    int bin = 0;
    for (long left = place; left >= counts[bin]; bin++) {
      left -= counts[bin];
    }
    return bin;
  }

  /** Maps numbers to whole ones whose unsigned order is theirs. */
  private static int rank(float value) {
    int bits = Float.floatToRawIntBits(value);
    return bits < 0 ? ~bits : bits ^ Integer.MIN_VALUE;
  }

  private static float value(int rank) {
    return Float.intBitsToFloat(rank < 0 ? rank ^ Integer.MIN_VALUE : ~rank);
  }
}
