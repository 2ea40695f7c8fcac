package org.llm4msr.runtime.data.rows;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.buckets.BucketBounds;
import org.llm4msr.runtime.data.buckets.HashBuckets;

/** How the values of one field become ids. Immutable and thread-safe. */
sealed interface FieldIds {

  /**
   * Returns the id of a value; 0 if it is missing or unknown.
   *
   * @throws RowException if it cannot be read
   */
  int id(@Nullable Object raw, RawValue value);

  /**
   * Returns the value of an id from 1, or one that gets the same id: a text, or a {@code Double}.
   */
  Object value(int id);

  /** Returns the text of an id from 1, of which crossed values are made. */
  String name(int id);

  /** Ids of a vocabulary. */
  record Known(Vocabulary vocabulary) implements FieldIds {
    @Override
    public int id(@Nullable Object raw, RawValue value) {
      String text = value.text(raw);
      if (text == null) {
        return 0;
      }
      String other = vocabulary.otherForm(text);
      if (other != null) {
        throw FieldInput.madeReal(value.column(), text, value.row(), other);
      }
      return vocabulary.id(text);
    }

    @Override
    public Object value(int id) {
      return vocabulary.value(id);
    }

    @Override
    public String name(int id) {
      return vocabulary.value(id);
    }
  }

  /** Ids of ranges, which have names. */
  record Ranges(BucketBounds bounds, List<String> names) implements FieldIds {

    static Ranges of(BucketBounds bounds) {
      return new Ranges(bounds, bounds.ranges());
    }

    @Override
    public int id(@Nullable Object raw, RawValue value) {
      return bounds.id(value.number(raw));
    }

    @Override
    public Object value(int id) {
      return bounds.number(id);
    }

    @Override
    public String name(int id) {
      return names.get(id - 1);
    }
  }

  /** Ids of hashes. */
  record Hashes(HashBuckets buckets) implements FieldIds {
    @Override
    public int id(@Nullable Object raw, RawValue value) {
      String text = value.text(raw);
      return text == null ? 0 : buckets.id(text);
    }

    @Override
    public Object value(int id) {
      return buckets.name(id);
    }

    @Override
    public String name(int id) {
      return buckets.name(id);
    }
  }
}
