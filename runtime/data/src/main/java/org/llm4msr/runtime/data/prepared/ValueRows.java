package org.llm4msr.runtime.data.prepared;

import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.arrow.NumberColumn;

/** How many training rows have each value of a vocabulary, as its file says. */
public final class ValueRows {

  private ValueRows() {}

  /**
   * Reads them.
   *
   * @param file the vocabulary
   * @return the rows by id; 0 of id 0, which stands for all other values
   * @throws org.llm4msr.api.MsrException of type DATA where the file does not fit the manifest, or
   *     has a number below 0
   */
  public static float[] read(ArrowFile file, PreparedField field) {
    if (file.rows() != field.vocabularySize() - 1L) {
      throw DataErrors.data(
          "ROW_COUNT",
          "%s has %d rows; dataset.json says that the field '%s' has %d ids."
              .formatted(file.path(), file.rows(), field.name(), field.vocabularySize()));
    }
    NumberColumn counts = new NumberColumn(file, "count");
    float[] rows = new float[field.vocabularySize()];
    for (int id = 1; id < rows.length; id++) {
      rows[id] = counts.get(file.locate(id - 1));
      if (rows[id] < 0) {
        throw DataErrors.data(
            "BAD_VOCABULARY",
            "%s: the id %d has %s training rows.".formatted(file.path(), id, rows[id]));
      }
    }
    return rows;
  }
}
