package org.llm4msr.plugins.datasets.input;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** A column of texts; an empty one becomes null. */
final class TextBatchColumn implements BatchColumn {

  private final String name;
  private final Charset charset;
  private final int[] ends;
  private byte[] bytes = new byte[1 << 16];

  /**
   * Makes a column.
   *
   * @param charset UTF-8 or ISO 8859-1
   */
  TextBatchColumn(String name, int mostRows, Charset charset) {
    this.name = name;
    this.charset = charset;
    ends = new int[mostRows + 1];
  }

  @Override
  public boolean set(int row, char[] text, int from, int length) {
    int start = ends[row];
    reserve(start, length);
    int all = 0;
    for (int i = 0; i < length; i++) {
      char next = text[from + i];
      all |= next;
      bytes[start + i] = (byte) next;
    }
    ends[row + 1] = start + length;
    if (all < 0x80) {
      return true;
    }
    if (charset.equals(UTF_8)) {
      return isDecoded(bytes, start, length);
    }
    set(row, new String(text, from, length));
    return true;
  }

  void set(int row, String text) {
    byte[] encoded = text.getBytes(UTF_8);
    set(row, encoded, 0, encoded.length);
  }

  /** Sets the text of a row, in UTF-8. */
  void set(int row, byte[] text, int from, int length) {
    int start = ends[row];
    reserve(start, length);
    System.arraycopy(text, from, bytes, start, length);
    ends[row + 1] = start + length;
  }

  @Override
  public void clear(int row) {
    ends[row + 1] = ends[row];
  }

  static boolean isUtf8(byte[] bytes, int from, int length) {
    return ByteSearch.isAscii(bytes, from, from + length) || isDecoded(bytes, from, length);
  }

  private static boolean isDecoded(byte[] bytes, int from, int length) {
    try {
      UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, from, length));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  private void reserve(int start, int length) {
    if (start + length > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(start + length, 2 * bytes.length));
    }
  }

  @Override
  public List<Field> fields() {
    return List.of(Field.nullable(name, ArrowType.Utf8.INSTANCE));
  }

  @Override
  public void moveTo(List<FieldVector> vectors, int rows) {
    VarCharVector vector = (VarCharVector) vectors.get(0);
    vector.allocateNew(Math.max(1, ends[rows]), Math.max(1, rows));
    vector.getDataBuffer().setBytes(0, bytes, 0, ends[rows]);
    int size = (rows + 1) * VarCharVector.OFFSET_WIDTH;
    ByteBuffer offsets = vector.getOffsetBuffer().nioBuffer(0, size);
    offsets.order(ByteOrder.nativeOrder()).asIntBuffer().put(ends, 0, rows + 1);
    vector.getValidityBuffer().setBytes(0, present(rows));
    vector.setLastSet(rows - 1);
    vector.setValueCount(rows);
  }

  /** Returns a bit for each row, the lowest first. */
  private byte[] present(int rows) {
    byte[] bits = new byte[(rows + 7) / 8];
    for (int row = 0; row < rows; row++) {
      if (ends[row + 1] > ends[row]) {
        bits[row / 8] = (byte) (bits[row / 8] | 1 << row % 8);
      }
    }
    return bits;
  }
}
