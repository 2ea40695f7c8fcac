package org.llm4msr.runtime.data.rows;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.prepared.FieldColumn;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.SplitColumns;
import org.llm4msr.runtime.data.prepared.VectorMoments;

/**
 * Writes one field into rows: what a row brings, or what is stored with its user or item.
 *
 * @param column in which rows bring it: its name, or that of a field of the same raw column
 * @param given whether rows may have that column
 * @param alias the id column that holds its values; null for most
 * @param stored null if neither users nor items have it
 * @param ids null for a field of numbers
 * @param moments null but for a vector
 * @param cross null but for a crossed field
 */
record FieldInput(
    PreparedField field,
    String column,
    boolean given,
    @Nullable String alias,
    @Nullable Stored stored,
    @Nullable Supplier<FieldIds> ids,
    @Nullable VectorMoments moments,
    @Nullable CrossInput cross) {

  private static final int[] NOTHING_KNOWN = {0};
  private static final float[] ALIKE = {1};

  /** The field of users or items. */
  record Stored(boolean ofUser, Entities entities, FieldColumn feature) {}

  /** Returns the column that tells the field of a row; null if what is stored does. */
  @Nullable String columnOf(RawRows rows, int row) {
    if (given && rows.has(column, row)) {
      return column;
    }
    if (stored != null) {
      return null;
    }
    return alias == null ? column : alias;
  }

  /** Returns the column of the weights of its elements; null without. */
  @Nullable String weightsColumn() {
    return field.weighted() ? SplitColumns.weightsOf(column) : null;
  }

  /** Returns whether it is known of an item, if rows do not bring it. */
  boolean isOfItem() {
    if (cross != null) {
      return cross.inputs().stream().allMatch(FieldInput::isOfItem);
    }
    return stored == null ? RawSchema.ITEM.equals(alias) : !stored.ofUser();
  }

  /** Returns whether it or one of its parts is among some values, by column. */
  boolean isBroughtBy(Map<String, ?> values) {
    if (cross != null) {
      return cross.inputs().stream().anyMatch(part -> part.isBroughtBy(values));
    }
    return given && values.containsKey(column);
  }

  /** Returns whether rows must bring it. */
  boolean mustBeBrought() {
    return stored == null && alias == null && cross == null;
  }

  /**
   * Copies what is stored.
   *
   * @param user index; that after the last if unknown
   * @param item likewise
   */
  void copy(int user, int item, FieldValues target, int row) {
    Stored from = requireNonNull(stored, field.name());
    int number = from.ofUser() ? user : item;
    if (number < from.entities().keys().size()) {
      from.feature().copy(from.entities().locate(number), target, row);
    } else {
      clear(target, row);
    }
  }

  /** Writes a crossed field of a row whose parts are encoded. */
  void encode(CrossInput parts, Batch batch, FieldValues target, int row) {
    ((FieldValues.Ids) target).ids()[row] = parts.id(batch, row, idsOfField());
  }

  /** Returns how the values of a field of ids become these. */
  FieldIds idsOfField() {
    return requireNonNull(ids, field.name()).get();
  }

  /** Returns a value that rows may bring, others for other numbers; null for a vector. */
  @Nullable Object example(int number) {
    if (field.kind() instanceof FieldKind.Numeric) {
      return number / 2.0;
    }
    int known = field.vocabularySize() - 1;
    return known < 1 ? null : idsOfField().value(1 + number % known);
  }

  /** Writes that nothing is known. */
  void clear(FieldValues target, int row) {
    if (target instanceof FieldValues.Ids ids) {
      ids.ids()[row] = 0;
    } else if (target instanceof FieldValues.IdLists lists) {
      lists.set(row, NOTHING_KNOWN, field.weighted() ? ALIKE : null, 1);
    } else if (target instanceof FieldValues.Numbers numbers) {
      numbers.values()[row] = 0;
    } else if (target instanceof FieldValues.Vectors vectors) {
      Arrays.fill(vectors.values(), row * vectors.size(), (row + 1) * vectors.size(), 0);
    }
  }

  /**
   * Encodes a raw value.
   *
   * @param value the column that it is of, and the row
   * @param weights of its elements, in {@link #weightsColumn}; null if there are none
   */
  void encode(
      RawValue value, @Nullable Object raw, @Nullable Object weights, FieldValues target, int row) {
    if (target instanceof FieldValues.Ids ids) {
      ids.ids()[row] = idsOfField().id(raw, value);
    } else if (target instanceof FieldValues.IdLists lists) {
      String ofWeights = weightsColumn();
      if (ofWeights == null) {
        encode(value, value.texts(raw), lists, row);
      } else {
        encode(value, WeightedTexts.read(value, raw, ofWeights, weights), lists, row);
      }
    } else if (target instanceof FieldValues.Numbers numbers) {
      numbers.values()[row] = field.standardize(value.number(raw));
    } else if (target instanceof FieldValues.Vectors vectors) {
      encode(value.numbers(raw, vectors.size()), vectors, row);
    }
  }

  private void encode(RawValue value, List<String> texts, FieldValues.IdLists lists, int row) {
    FieldIds ids = idsOfField();
    int[] known =
        texts.stream().mapToInt(text -> ids.id(text, value)).filter(id -> id > 0).toArray();
    int[] list = known.length == 0 ? NOTHING_KNOWN : known;
    lists.set(row, list, list.length);
  }

  private void encode(RawValue value, WeightedTexts elements, FieldValues.IdLists lists, int row) {
    FieldIds ids = idsOfField();
    int[] known = new int[elements.texts().size()];
    float[] weights = new float[known.length];
    int count = 0;
    for (int i = 0; i < known.length; i++) {
      int id = ids.id(elements.texts().get(i), value);
      if (id > 0) {
        known[count] = id;
        weights[count++] = elements.weight(i);
      }
    }
    if (count == 0) {
      clear(lists, row);
    } else {
      lists.set(row, known, weights, count);
    }
  }

  private void encode(double @Nullable [] numbers, FieldValues.Vectors target, int row) {
    VectorMoments ofField = requireNonNull(moments, field.name());
    for (int k = 0; k < target.size(); k++) {
      float value = numbers == null ? 0 : ofField.standardize(k, numbers[k]);
      target.values()[row * target.size() + k] = value;
    }
  }

  /**
   * Some programs turn a column with a missing value into real numbers, and all values would be
   * unknown.
   */
  static RowException madeReal(String column, String value, long row, String known) {
    return new RowException(
        "BAD_VALUE",
        row,
        "Column '%s' has '%s' in row %d; the model knows '%s'. Write values as in the training data, as whole numbers or texts."
            .formatted(column, DataErrors.shown(value), row, DataErrors.shown(known)));
  }
}
