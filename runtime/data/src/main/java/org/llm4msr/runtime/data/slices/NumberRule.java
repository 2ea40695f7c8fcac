package org.llm4msr.runtime.data.slices;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.runtime.data.arrow.NumberColumn;
import org.llm4msr.runtime.data.prepared.PreparedField;

/**
 * Slices of a number between the quartiles of the training rows, and rows without a number. A
 * missing number was replaced by the mean, so that a number that equals the mean counts as missing.
 */
final class NumberRule implements Slicing.Rule {

  static final String MISSING = "(missing)";

  private static final MathContext SHOWN = new MathContext(6);

  private final NumberColumn column;
  private final float[] bounds;
  private final List<String> slices = new ArrayList<>();

  /**
   * Makes a rule.
   *
   * @param bounds upper bounds of all slices of numbers but the last, which belong to them, rising
   */
  NumberRule(PreparedField field, NumberColumn column, float[] bounds) {
    this.column = column;
    this.bounds = bounds;
    String low = "";
    for (float bound : bounds) {
      String high = raw(field, bound);
      slices.add(low.isEmpty() ? "up to " + high : low + " to " + high);
      low = high;
    }
    slices.add(low.isEmpty() ? "all" : "over " + low);
    slices.add(MISSING);
  }

  private static String raw(PreparedField field, float standardized) {
    double value = field.mean() + field.deviation() * standardized;
    return new BigDecimal(value).round(SHOWN).stripTrailingZeros().toPlainString();
  }

  @Override
  public List<String> slices() {
    return slices;
  }

  @Override
  public int of(long pick) {
    float value = column.get(pick);
    if (value == 0) {
      return 1 << (bounds.length + 1);
    }
    int slice = 0;
    while (slice < bounds.length && value > bounds[slice]) {
      slice++;
    }
    return 1 << slice;
  }
}
