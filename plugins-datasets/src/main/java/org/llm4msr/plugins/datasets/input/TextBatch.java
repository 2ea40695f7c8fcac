package org.llm4msr.plugins.datasets.input;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** One batch of rows of a text file: the line of each, what is wrong with it, and its values. */
final class TextBatch {

  /** The longest row that is read, in bytes. */
  static final int LONGEST_ROW = 2_000_000;

  static final int MOST_ROWS = 65_536;

  static final String TOO_LONG = "the line is longer than " + LONGEST_ROW + " bytes.";

  private static final int MOST_BYTES = 1 << 24;

  private final long[] lines = new long[MOST_ROWS];
  private final TextBatchColumn faults = new TextBatchColumn(TextInput.FAULT, MOST_ROWS, UTF_8);
  private final List<? extends BatchColumn> columns;
  private int rows;
  private long bytes;
  private @Nullable String fault;

  TextBatch(List<? extends BatchColumn> columns) {
    this.columns = columns;
  }

  Schema schema() {
    List<Field> fields = new ArrayList<>();
    fields.add(Field.nullable(TextInput.LINE, new ArrowType.Int(64, true)));
    fields.addAll(faults.fields());
    columns.forEach(column -> fields.addAll(column.fields()));
    return new Schema(fields);
  }

  /** Returns the place of the row that is set. */
  int row() {
    return rows;
  }

  /** Begins a row, which is sound so far. */
  void begin() {
    faults.clear(rows);
    fault = null;
  }

  /** Says that the row cannot be read, and takes its values away. */
  void fault(String fault) {
    columns.forEach(column -> column.clear(rows));
    faults.set(rows, fault);
    this.fault = fault;
  }

  /** Describes the fault of the last row; empty if it has none. */
  Optional<String> lastFault() {
    return Optional.ofNullable(fault).map(of -> "line " + lines[rows - 1] + ": " + of);
  }

  /**
   * Ends the row.
   *
   * @param size about how many bytes its values have
   */
  void end(long line, long size) {
    lines[rows++] = line;
    bytes += size;
  }

  boolean isFull() {
    return rows == MOST_ROWS || bytes > MOST_BYTES;
  }

  /** Moves the rows into vectors of the schema. */
  void moveTo(VectorSchemaRoot root) {
    BigIntVector numbers = (BigIntVector) root.getVector(0);
    numbers.allocateNew(Math.max(1, rows));
    for (int row = 0; row < rows; row++) {
      numbers.set(row, lines[row]);
    }
    numbers.setValueCount(rows);
    List<FieldVector> vectors = root.getFieldVectors();
    int next = 1;
    next = move(faults, vectors, next);
    for (BatchColumn column : columns) {
      next = move(column, vectors, next);
    }
    root.setRowCount(rows);
    rows = 0;
    bytes = 0;
  }

  private int move(BatchColumn column, List<FieldVector> vectors, int first) {
    int end = first + column.fields().size();
    column.moveTo(vectors.subList(first, end), rows);
    return end;
  }
}
