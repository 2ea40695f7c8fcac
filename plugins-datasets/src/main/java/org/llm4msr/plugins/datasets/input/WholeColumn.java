package org.llm4msr.plugins.datasets.input;

import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.util.List;
import java.util.stream.Stream;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** A column of whole numbers, and one of the texts that are not just digits. */
final class WholeColumn implements BatchColumn {

  /** Every number of so many digits fits. */
  private static final int MOST_DIGITS = 18;

  private final String name;
  private final long[] numbers;
  private final byte[] present;
  private final TextBatchColumn others;

  WholeColumn(String name, int mostRows, Charset charset) {
    this.name = name;
    numbers = new long[mostRows];
    present = new byte[(mostRows + 7) / 8];
    others = new TextBatchColumn(CsvRows.textOf(name), mostRows, charset);
  }

  @Override
  public boolean set(int row, char[] text, int from, int length) {
    int sign = length > 0 && text[from] == '-' ? 1 : 0;
    long number = 0;
    boolean digits = length > sign && length - sign <= MOST_DIGITS;
    for (int i = from + sign; digits && i < from + length; i++) {
      digits = text[i] >= '0' && text[i] <= '9';
      number = 10 * number + text[i] - '0';
    }
    if (!digits) {
      mark(row, 0);
      return others.set(row, text, from, length);
    }
    numbers[row] = sign == 0 ? number : -number;
    mark(row, 1);
    others.clear(row);
    return true;
  }

  private void mark(int row, int bit) {
    present[row / 8] = (byte) ((present[row / 8] & ~(1 << row % 8)) | (bit << row % 8));
  }

  @Override
  public void clear(int row) {
    mark(row, 0);
    others.clear(row);
  }

  @Override
  public List<Field> fields() {
    Field field = Field.nullable(name, new ArrowType.Int(64, true));
    return Stream.concat(Stream.of(field), others.fields().stream()).toList();
  }

  @Override
  public void moveTo(List<FieldVector> vectors, int rows) {
    BigIntVector vector = (BigIntVector) vectors.get(0);
    vector.allocateNew(Math.max(1, rows));
    vector
        .getDataBuffer()
        .nioBuffer(0, rows * Long.BYTES)
        .order(ByteOrder.nativeOrder())
        .asLongBuffer()
        .put(numbers, 0, rows);
    vector.getValidityBuffer().setBytes(0, present, 0, (rows + 7) / 8);
    vector.setValueCount(rows);
    others.moveTo(vectors.subList(1, 2), rows);
  }
}
