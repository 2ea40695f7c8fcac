package org.llm4msr.runtime.data.rows;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The elements of a list and their weights, without those that are missing or have the weight 0.
 *
 * @param weights one of each element; null where the row brings none
 */
record WeightedTexts(List<String> texts, @Nullable List<Double> weights) {

  /** As in preparation. */
  private static final double SMALLEST = 1e-30;

  /**
   * Reads them.
   *
   * @param list how its elements are read
   * @param weights the column of the weights
   * @throws RowException {@code data/BAD_VALUE} for what cannot be read, or does not fit
   */
  static WeightedTexts read(
      RawValue list, @Nullable Object elements, String weights, @Nullable Object given) {
    RawValue value = new RawValue(weights, list.row());
    double[] numbers = value.weights(given);
    if (numbers == null) {
      return new WeightedTexts(list.texts(elements), null);
    }
    List<@Nullable String> all = list.elements(elements);
    if (numbers.length != all.size()) {
      throw new RowException(
          "BAD_VALUE",
          list.row(),
          "Column '%s' has %d weights in row %d, but '%s' has %d elements. Give each element one, or leave the weights out."
              .formatted(weights, numbers.length, list.row(), list.column(), all.size()));
    }
    List<String> texts = new ArrayList<>();
    List<Double> kept = new ArrayList<>();
    for (int i = 0; i < numbers.length; i++) {
      String text = all.get(i);
      if (text != null && numbers[i] >= SMALLEST) {
        texts.add(text);
        kept.add(numbers[i]);
      }
    }
    return new WeightedTexts(texts, kept);
  }

  /** Returns the weight of an element. */
  float weight(int element) {
    return weights == null ? 1 : weights.get(element).floatValue();
  }
}
