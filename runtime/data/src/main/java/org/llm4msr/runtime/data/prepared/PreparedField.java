package org.llm4msr.runtime.data.prepared;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.math.BigDecimal;
import java.math.MathContext;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.runtime.batch.FieldForm;

/**
 * One feature of prepared data.
 *
 * @param name its name, also that of its column in the split files
 * @param vocabularySize ids in use, with id 0 (out of vocabulary); 0 for numbers and vectors
 * @param mean mean over the training rows that have a value; 0 unless numeric
 * @param deviation population standard deviation over the same rows; 0 unless numeric
 * @param vocabulary the name of the vocabulary and table that it shares; null for its own
 * @param weighted whether the ids of its lists have weights, in {@link SplitColumns#weightsOf}
 */
public record PreparedField(
    String name,
    FieldRole role,
    FieldKind kind,
    int vocabularySize,
    double mean,
    double deviation,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String vocabulary,
    @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean weighted) {

  /** Bounds standardised values, so that an absurd one does not overflow float32. */
  public static final double LARGEST = 1e30;

  /** More digits tell no more doubles apart. */
  private static final int DIGITS = 17;

  /** Makes a field with a vocabulary of its own. */
  public PreparedField(
      String name,
      FieldRole role,
      FieldKind kind,
      int vocabularySize,
      double mean,
      double deviation) {
    this(name, role, kind, vocabularySize, mean, deviation, null, false);
  }

  public PreparedField {
    requireNonNull(name, "name is null");
    requireNonNull(role, "role is null");
    requireNonNull(kind, "kind is null");
    vocabulary = name.equals(vocabulary) ? null : vocabulary;
  }

  /** Returns the name of its vocabulary and of its embedding table. */
  public String tableName() {
    return vocabulary == null ? name : vocabulary;
  }

  /** Returns the rows of its embedding table. */
  public int tableRows() {
    if (kind instanceof FieldKind.Vector vector) {
      return vector.size();
    }
    return kind instanceof FieldKind.Numeric ? 1 : vocabularySize;
  }

  /** Returns whether rows have ids of its values, in place of numbers. */
  public boolean hasIds() {
    FieldForm form = FieldForm.of(kind);
    return form == FieldForm.ID || form == FieldForm.IDS;
  }

  /** Returns whether its values have a vocabulary. */
  public boolean hasVocabulary() {
    return hasVocabulary(kind);
  }

  /**
   * Returns whether values of a kind have a vocabulary; that of a bucketed field has its ranges.
   */
  public static boolean hasVocabulary(FieldKind kind) {
    return kind instanceof FieldKind.Categorical
        || kind instanceof FieldKind.MultiCategorical
        || kind instanceof FieldKind.Bucketed
        || (kind instanceof FieldKind.Crossed crossed && crossed.buckets() == 0);
  }

  /** Returns the value as models see it: 0 where it is missing or the field is constant. */
  public float standardize(double value) {
    return standardize(value, mean, deviation);
  }

  /** Returns the shortest number that models see as {@code value}. */
  public double raw(float value) {
    return raw(value, mean, deviation);
  }

  static double raw(float value, double mean, double deviation) {
    double whole = mean + value * deviation;
    for (int digits = 1; digits < DIGITS; digits++) {
      double shorter = new BigDecimal(whole).round(new MathContext(digits)).doubleValue();
      if (standardize(shorter, mean, deviation) == value) {
        return shorter;
      }
    }
    return whole;
  }

  static float standardize(double value, double mean, double deviation) {
    if (!Double.isFinite(value) || deviation == 0) {
      return 0;
    }
    return (float) Math.max(-LARGEST, Math.min(LARGEST, (value - mean) / deviation));
  }
}
