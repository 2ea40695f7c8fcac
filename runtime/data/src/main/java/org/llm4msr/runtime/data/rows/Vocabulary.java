package org.llm4msr.runtime.data.rows;

import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.arrow.IdColumn;
import org.llm4msr.runtime.data.arrow.KeyIndex;
import org.llm4msr.runtime.data.arrow.TextColumn;
import org.llm4msr.runtime.data.prepared.PreparedField;

/** The ids of one field's values. Immutable and thread-safe. */
final class Vocabulary {

  private static final String FRACTION = ".0";
  private static final Pattern WHOLE = Pattern.compile("-?\\d+");

  private final KeyIndex values;
  private final List<String> texts;
  private final boolean points;
  private final boolean reals;

  /**
   * Makes a vocabulary.
   *
   * @param points whether a value has a point
   * @param reals whether all values are whole numbers that were made real
   */
  private Vocabulary(KeyIndex values, List<String> texts, boolean points, boolean reals) {
    this.values = values;
    this.texts = texts;
    this.points = points;
    this.reals = reals;
  }

  /**
   * Reads the values of a field.
   *
   * @throws org.llm4msr.api.MsrException of type DATA where ids are not 1, 2, 3 and so on, or do
   *     not fit the manifest
   */
  static Vocabulary of(ArrowFile file, PreparedField field) {
    if (file.rows() != field.vocabularySize() - 1L) {
      throw DataErrors.data(
          "ROW_COUNT",
          "%s has %d rows; dataset.json says that the field '%s' has %d ids."
              .formatted(file.path(), file.rows(), field.name(), field.vocabularySize()));
    }
    IdColumn ids = new IdColumn(file, "id", field.vocabularySize());
    TextColumn texts = new TextColumn(file, "value");
    KeyIndex index = new KeyIndex();
    boolean points = false;
    boolean reals = true;
    for (int row = 0; row < texts.size(); row++) {
      String value = texts.get(row);
      points |= value.indexOf('.') >= 0;
      reals = reals && whole(value) != null;
      if (ids.get(file.locate(row)) != row + 1 || index.add(value) != row) {
        throw DataErrors.data(
            "BAD_VOCABULARY",
            "%s: row %d has a repeated value or not the id %d."
                .formatted(file.path(), row, row + 1));
      }
    }
    return new Vocabulary(index, texts, points, reals);
  }

  /** Returns a value's id; 0, out of vocabulary, for others. */
  int id(String value) {
    return values.find(value) + 1;
  }

  /** Returns the value of an id from 1. */
  String value(int id) {
    return texts.get(id - 1);
  }

  /**
   * Returns the known form of an unknown number, whole where a program has made the value real
   * ({@code 7} for {@code 7.0}), or real where one has made all known values real; null if there is
   * none. If known values have points of their own, always null.
   */
  @Nullable String otherForm(String value) {
    if ((points && !reals) || id(value) > 0) {
      return null;
    }
    String other = reals ? value + FRACTION : whole(value);
    return other != null && id(other) > 0 ? other : null;
  }

  private static @Nullable String whole(String value) {
    if (!value.endsWith(FRACTION)) {
      return null;
    }
    String whole = value.substring(0, value.length() - FRACTION.length());
    return WHOLE.matcher(whole).matches() ? whole : null;
  }
}
