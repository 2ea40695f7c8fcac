package org.llm4msr.plugins.datasets.input;

import java.util.List;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.Field;

/** One column of a {@link TextBatch}, whose rows are set in their order. */
interface BatchColumn {

  /**
   * Sets the text of a row, whose characters stand for the bytes of a file.
   *
   * @return whether they are text in the encoding of the file
   */
  boolean set(int row, char[] text, int from, int length);

  /** Sets a row to null. */
  void clear(int row);

  List<Field> fields();

  /** Moves the first rows into vectors of the fields. */
  void moveTo(List<FieldVector> vectors, int rows);
}
