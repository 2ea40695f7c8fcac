package org.llm4msr.serving.publishing;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.config.MalformedConfig.Policy;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.RowFile;
import org.llm4msr.runtime.data.rows.ScoringColumn;
import org.llm4msr.runtime.files.Scratch;

/**
 * A file of rows as they are scored, with labels.
 *
 * @param listSeparator separator of the values of a list that is written as one text
 */
record LabelledRows(Path file, String listSeparator) {

  private static final long MEMORY_BYTES = 1L << 30;

  /** Takes batches of rows. */
  @FunctionalInterface
  interface Consumer {
    /**
     * Reads one batch, which is valid until the return.
     *
     * @param first number of its first row in the file, from 0
     */
    void accept(Rows rows, long first);
  }

  /**
   * Some rows.
   *
   * @param values of the columns that a model reads
   */
  record Rows(Path file, RawRows values) {

    int size() {
      return values.size();
    }

    /** Returns a value as text; empty if there is none. */
    String text(String column, int row) {
      Object value = values.get(column, row);
      return value == null ? "" : value.toString();
    }

    /** Returns the label of a row, 0 or 1. */
    float label(int row, long first) {
      String label = text(RowFile.keptName(RawSchema.LABEL), row);
      return switch (label) {
        case "1", "1.0", "true" -> 1;
        case "0", "0.0", "false" -> 0;
        default ->
            throw new MsrException(
                ErrorType.DATA,
                "data/BAD_VALUE",
                "%s: row %d has the label '%s'. Labels are 0 or 1."
                    .formatted(file, first + row, label));
      };
    }
  }

  /**
   * Reads all rows.
   *
   * @param columns that a model reads
   * @throws MsrException {@code data/MISSING_COLUMN} without labels
   */
  void forEach(List<ScoringColumn> columns, Consumer consumer) {
    try (Scratch scratch = new Scratch(Path.of(""), MEMORY_BYTES, 1);
        RowFile rows = new RowFile(file, listSeparator, Policy.STRICT, scratch.scratch())) {
      requireLabel(rows.columns());
      long[] read = {0};
      rows.forEach(
          columns,
          List.of(RawSchema.LABEL),
          0,
          some -> {
            consumer.accept(new Rows(file, some), read[0]);
            read[0] += some.size();
          });
    }
  }

  private void requireLabel(Set<String> columns) {
    if (!columns.contains(RawSchema.LABEL)) {
      throw new MsrException(
          ErrorType.DATA,
          "data/MISSING_COLUMN",
          "%s has no column '%s'. It has %s; 1 marks a click, 0 none."
              .formatted(file, RawSchema.LABEL, columns));
    }
  }
}
