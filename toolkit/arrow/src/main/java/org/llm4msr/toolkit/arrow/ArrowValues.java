package org.llm4msr.toolkit.arrow;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.Decimal256Vector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.LargeVarCharVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VariableWidthFieldVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.util.ValueVectorUtility;

/**
 * Checks every value of a loaded column before native code sees it; refuses with a RuntimeException
 * that names the column.
 */
final class ArrowValues {

  private static final byte[] NOTHING = {};

  private ArrowValues() {}

  /** Refuses a column with offsets, lengths, digits or texts that it cannot have. */
  static void require(FieldVector column) {
    validate(column);
    requireUnicode(column);
  }

  /**
   * Arrow's own full check asks a fixed-size list for offsets, which it does not have, does not
   * know float16, and rejects decimals that use all digits of their type.
   */
  private static void validate(FieldVector column) {
    if (column instanceof Float2Vector) {
      requireBytes(
          column.getName(),
          column.getDataBuffer(),
          (long) Float2Vector.TYPE_WIDTH * column.getValueCount());
    } else if (column instanceof DecimalVector || column instanceof Decimal256Vector) {
      ValueVectorUtility.validate(column);
      requireDigits(column, ((ArrowType.Decimal) column.getField().getType()).getPrecision());
    } else if (column instanceof FixedSizeListVector list) {
      FieldVector child = list.getDataVector();
      requireBytes(column.getName(), column.getValidityBuffer(), (column.getValueCount() + 7L) / 8);
      requireValues(column, child, (long) column.getValueCount() * list.getListSize());
      validate(child);
    } else if (column instanceof ListVector list && isCheckedHere(list.getDataVector())) {
      requireBytes(column.getName(), column.getValidityBuffer(), (column.getValueCount() + 7L) / 8);
      validateOffsets(list);
      validate(list.getDataVector());
    } else {
      ValueVectorUtility.validate(column);
      ValueVectorUtility.validateFull(column);
    }
  }

  private static boolean isCheckedHere(FieldVector values) {
    return values instanceof Float2Vector
        || values instanceof DecimalVector
        || values instanceof Decimal256Vector;
  }

  private static void requireDigits(FieldVector column, int most) {
    for (int row = 0; row < column.getValueCount(); row++) {
      if (column.getObject(row) instanceof BigDecimal value && value.precision() > most) {
        throw new IllegalArgumentException(
            "value %d of column '%s' has %d digits, its type %d"
                .formatted(row, column.getName(), value.precision(), most));
      }
    }
  }

  /** Arrow's own check accepts a text that ends within a character. */
  private static void requireUnicode(FieldVector column) {
    if (column instanceof VarCharVector || column instanceof LargeVarCharVector) {
      VariableWidthFieldVector texts = (VariableWidthFieldVector) column;
      for (int row = 0; row < texts.getValueCount(); row++) {
        byte[] text = texts.isNull(row) ? NOTHING : texts.get(row);
        if (!isUnicode(text)) {
          throw new IllegalArgumentException(
              "value %d of column '%s' is not in UTF-8".formatted(row, column.getName()));
        }
      }
    }
    column.getChildrenFromFields().forEach(ArrowValues::requireUnicode);
  }

  private static boolean isUnicode(byte[] text) {
    for (byte octet : text) {
      if (octet < 0) {
        try {
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text));
          return true;
        } catch (CharacterCodingException e) {
          return false;
        }
      }
    }
    return true;
  }

  private static void validateOffsets(ListVector list) {
    int rows = list.getValueCount();
    requireBytes(
        list.getName(),
        list.getOffsetBuffer(),
        rows == 0 ? 0 : (rows + 1L) * ListVector.OFFSET_WIDTH);
    int before = 0;
    for (int row = 0; row < rows; row++) {
      int start = list.getElementStartIndex(row);
      int end = list.getElementEndIndex(row);
      if (start < before || end < start) {
        throw new IllegalArgumentException(
            "the list %d of column '%s' goes from %d to %d"
                .formatted(row, list.getName(), start, end));
      }
      before = end;
    }
    requireValues(list, list.getDataVector(), before);
  }

  private static void requireValues(FieldVector column, FieldVector child, long values) {
    if (child.getValueCount() < values) {
      throw tooFewValues(column.getName(), values, child.getValueCount());
    }
  }

  static RuntimeException tooFewValues(String column, long needed, long values) {
    return new IllegalArgumentException(
        "the lists of column '%s' need %d values, there are %d".formatted(column, needed, values));
  }

  static void requireBytes(String column, ArrowBuf buffer, long bytes) {
    if (buffer.capacity() < bytes) {
      throw new IllegalArgumentException(
          "column '%s' needs %d bytes, there are %d".formatted(column, bytes, buffer.capacity()));
    }
  }

  /** Refuses indices beyond their dictionary, and those of its children. */
  static void requireKnown(FieldVector column, ArrowReader reader) {
    DictionaryEncoding encoding = column.getField().getDictionary();
    if (encoding != null && column instanceof BaseIntVector indices) {
      long values = reader.lookup(encoding.getId()).getVector().getValueCount();
      for (int row = 0; row < column.getValueCount(); row++) {
        long index = column.isNull(row) ? -1 : indices.getValueAsLong(row);
        if (!column.isNull(row) && (index < 0 || index >= values)) {
          throw new IllegalArgumentException(
              "column '%s' has the index %d of a dictionary of %d values"
                  .formatted(column.getName(), index, values));
        }
      }
    }
    column.getChildrenFromFields().forEach(child -> requireKnown(child, reader));
  }
}
