package org.llm4msr.runtime.data;

/** The ids of one field's values. Immutable and thread-safe. */
final class Vocabulary {

  private final KeyIndex values;

  private Vocabulary(KeyIndex values) {
    this.values = values;
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
    for (int row = 0; row < texts.size(); row++) {
      if (ids.get(file.locate(row)) != row + 1 || index.add(texts.get(row)) != row) {
        throw DataErrors.data(
            "BAD_VOCABULARY",
            "%s: row %d has a repeated value or not the id %d."
                .formatted(file.path(), row, row + 1));
      }
    }
    return new Vocabulary(index);
  }

  /** Returns a value's id; 0, out of vocabulary, for others. */
  int id(String value) {
    return values.find(value) + 1;
  }
}
