package org.llm4msr.runtime.data.rows;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;

/**
 * The raw form of what is stored of a column with a user or an item. The fields that read the
 * column encode it as what is stored.
 *
 * @param value null if it tells nothing
 * @param weights of the elements of a list; null where they have none
 */
record StoredValue(@Nullable Object value, @Nullable List<Double> weights) {

  private static final StoredValue NOTHING = new StoredValue(null, null);

  /**
   * Returns it.
   *
   * @param readers the fields that read the column, of which the first has its name
   * @param number of the user or item; -1 for one that is not known
   */
  static StoredValue of(List<FieldInput> readers, int number) {
    if (number < 0) {
      return NOTHING;
    }
    List<FieldValues> stored = new ArrayList<>();
    for (FieldInput reader : readers) {
      FieldValues one = Batch.of(1, List.of(reader.field().kind())).fields.get(0);
      FieldInput.Stored from = requireNonNull(reader.stored(), reader.field().name());
      from.feature().copy(from.entities().locate(number), one, 0);
      stored.add(one);
    }
    if (stored.get(0) instanceof FieldValues.IdLists) {
      return list(readers, stored);
    }
    if (stored.get(0) instanceof FieldValues.Vectors vectors) {
      return new StoredValue(vector(readers.get(0), vectors), null);
    }
    boolean isText =
        stored.get(0) instanceof FieldValues.Ids
            && !(readers.get(0).idsOfField() instanceof FieldIds.Ranges);
    return new StoredValue(isText ? text(readers, stored) : number(readers, stored), null);
  }

  /** Returns the value of the first field that knows it. */
  private static @Nullable Object text(List<FieldInput> readers, List<FieldValues> stored) {
    for (int f = 0; f < readers.size(); f++) {
      int id = ((FieldValues.Ids) stored.get(f)).ids()[0];
      if (id > 0) {
        return readers.get(f).idsOfField().value(id);
      }
    }
    return null;
  }

  /** Returns a number that standardises as stored, and is in all ranges. */
  private static @Nullable Double number(List<FieldInput> readers, List<FieldValues> stored) {
    double number = Double.NaN;
    boolean isKnown = false;
    for (int f = 0; f < readers.size(); f++) {
      if (stored.get(f) instanceof FieldValues.Numbers numbers && Double.isNaN(number)) {
        number = readers.get(f).field().raw(numbers.values()[0]);
        isKnown = numbers.values()[0] != 0;
      }
    }
    for (int f = 0; f < readers.size(); f++) {
      if (stored.get(f) instanceof FieldValues.Ids ids && ids.ids()[0] > 0) {
        FieldIds.Ranges ranges = (FieldIds.Ranges) readers.get(f).idsOfField();
        int id = ids.ids()[0];
        number =
            Double.isNaN(number) ? ranges.bounds().number(id) : ranges.bounds().nearest(id, number);
        isKnown = true;
      }
    }
    return isKnown ? (Double) number : null;
  }

  private static @Nullable List<Double> vector(FieldInput reader, FieldValues.Vectors vectors) {
    List<Double> numbers = new ArrayList<>();
    boolean any = false;
    for (int k = 0; k < vectors.size(); k++) {
      any |= vectors.values()[k] != 0;
      numbers.add(requireNonNull(reader.moments()).raw(k, vectors.values()[k]));
    }
    return any ? numbers : null;
  }

  /** Returns a list: hashes have all elements, of which a vocabulary may know some. */
  private static StoredValue list(List<FieldInput> readers, List<FieldValues> stored) {
    FieldValues.IdLists known = (FieldValues.IdLists) stored.get(0);
    FieldIds ids = readers.get(0).idsOfField();
    for (int f = 1; f < readers.size(); f++) {
      FieldIds hashes = readers.get(f).idsOfField();
      FieldValues.IdLists all = (FieldValues.IdLists) stored.get(f);
      if (hashes instanceof FieldIds.Hashes) {
        List<String> texts = texts(known, ids, all, hashes);
        return new StoredValue(texts.isEmpty() ? null : texts, weights(all));
      }
    }
    List<String> texts = texts(known, ids, known, ids);
    return new StoredValue(texts.isEmpty() ? null : texts, weights(known));
  }

  /** Returns the texts of all ids, in their order; of those that are known, what is known. */
  private static List<String> texts(
      FieldValues.IdLists known, FieldIds ofKnown, FieldValues.IdLists all, FieldIds ofAll) {
    List<String> texts = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < all.offsets[1]; i++) {
      if (all.ids[i] == 0) {
        continue;
      }
      String text = ofAll.value(all.ids[i]).toString();
      if (next < known.offsets[1] && known.ids[next] > 0) {
        String candidate = ofKnown.value(known.ids[next]).toString();
        if (isSame(ofAll, candidate, all.ids[i])) {
          text = candidate;
          next++;
        }
      }
      texts.add(text);
    }
    return texts;
  }

  private static boolean isSame(FieldIds ids, String text, int id) {
    return ids instanceof FieldIds.Hashes hashes
        ? hashes.buckets().id(text) == id
        : ids.value(id).toString().equals(text);
  }

  private static @Nullable List<Double> weights(FieldValues.IdLists lists) {
    if (lists.weights == null) {
      return null;
    }
    List<Double> weights = new ArrayList<>();
    for (int i = 0; i < lists.offsets[1]; i++) {
      if (lists.ids[i] > 0) {
        weights.add((double) lists.weights[i]);
      }
    }
    return weights.isEmpty() ? null : weights;
  }
}
