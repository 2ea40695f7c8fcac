package org.llm4msr.runtime.data.inspection;

import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.data.prepared.PreparedField;

/** Counts of one field in one part. */
final class FieldCounts {

  private final long @Nullable [] byId;
  private long rows;
  private long known;
  private long values;
  private long numbers;
  private double sum;
  private double squares;
  private long positives;
  private long unknown;
  private long unknownPositives;

  /**
   * Makes a count of nothing.
   *
   * @param byId whether each id is counted, which takes 8 bytes per id
   */
  FieldCounts(PreparedField field, boolean byId) {
    this.byId = byId ? new long[field.vocabularySize()] : null;
  }

  void count(FieldValues field, float[] label, int size) {
    rows += size;
    if (field instanceof FieldValues.Ids ids) {
      for (int i = 0; i < size; i++) {
        known += add(ids.ids()[i]);
        countLabel(ids.ids()[i], label[i] == 1);
      }
    } else if (field instanceof FieldValues.Numbers numbers) {
      for (int i = 0; i < size; i++) {
        add(numbers.values()[i]);
      }
    } else if (field instanceof FieldValues.Vectors vectors) {
      for (int i = 0; i < size; i++) {
        addVector(vectors.values(), i * vectors.size(), (i + 1) * vectors.size());
      }
    } else {
      FieldValues.IdLists lists = (FieldValues.IdLists) field;
      for (int i = 0; i < size; i++) {
        long before = values;
        for (int k = lists.offsets[i]; k < lists.offsets[i + 1]; k++) {
          values += add(lists.ids[k]);
        }
        known += values > before ? 1 : 0;
      }
    }
  }

  private void countLabel(int id, boolean positive) {
    positives += positive ? 1 : 0;
    unknown += id == 0 ? 1 : 0;
    unknownPositives += id == 0 && positive ? 1 : 0;
  }

  /** Counts an id and returns 1 where it is known. */
  private int add(int id) {
    if (byId != null) {
      byId[id]++;
    }
    return id > 0 ? 1 : 0;
  }

  private void add(double number) {
    numbers++;
    sum += number;
    squares += number * number;
    known += number == 0 ? 0 : 1;
  }

  private void addVector(float[] vector, int from, int to) {
    long before = known;
    for (int k = from; k < to; k++) {
      add(vector[k]);
    }
    known = known > before ? before + 1 : before;
  }

  long rows() {
    return rows;
  }

  /** Returns the rows with a known value, or with a number or a vector that is not 0. */
  long known() {
    return known;
  }

  /** Returns the known values of all lists. */
  long values() {
    return values;
  }

  /** Returns how often an id occurs. */
  long occurrences(int id) {
    return byId == null ? 0 : byId[id];
  }

  /** Returns the rows whose id is unknown; 0 for fields of more or no ids. */
  long unknown() {
    return unknown;
  }

  long unknownPositives() {
    return unknownPositives;
  }

  /** Returns the share of positives in rows whose id is unknown; NaN without such rows. */
  double unknownShare() {
    return (double) unknownPositives / unknown;
  }

  /** Returns the share of positives in all rows; NaN without rows. */
  double share() {
    return (double) positives / rows;
  }

  /** Returns the mean of the numbers of all rows. */
  double mean() {
    return sum / numbers;
  }

  /** Returns the population variance of the numbers of all rows. */
  double variance() {
    return squares / numbers - mean() * mean();
  }
}
