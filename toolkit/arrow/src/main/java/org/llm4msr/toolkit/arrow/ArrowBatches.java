package org.llm4msr.toolkit.arrow;

import java.util.Iterator;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BufferLayout;
import org.apache.arrow.vector.BufferLayout.BufferType;
import org.apache.arrow.vector.TypeLayout;
import org.apache.arrow.vector.compression.NoCompressionCodec;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.ArrowType.FixedSizeBinary;
import org.apache.arrow.vector.types.pojo.ArrowType.FixedSizeList;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * Compares the buffers that the columns of a batch need with those that it has, before the batch is
 * loaded: Arrow would fill up what is missing with zeros.
 */
final class ArrowBatches {

  private final Iterator<ArrowFieldNode> nodes;
  private final Iterator<ArrowBuf> buffers;
  private final Iterator<Long> furtherBuffers;

  private ArrowBatches(ArrowRecordBatch batch) {
    nodes = batch.getNodes().iterator();
    buffers = batch.getBuffers().iterator();
    furtherBuffers = batch.getVariadicBufferCounts().iterator();
  }

  /**
   * Checks a batch; a compressed one is only checked after it was loaded.
   *
   * @throws RuntimeException if a column, or the batch as a whole, lacks a part
   */
  static void requireWhole(List<Field> columns, ArrowRecordBatch batch) {
    if (batch.getBodyCompression().getCodec() == NoCompressionCodec.COMPRESSION_TYPE) {
      ArrowBatches parts = new ArrowBatches(batch);
      for (Field column : columns) {
        long rows = parts.requireColumn(column);
        if (rows != batch.getLength()) {
          throw new IllegalArgumentException(
              "column '%s' has %d values, its batch %d"
                  .formatted(column.getName(), rows, batch.getLength()));
        }
      }
    }
  }

  /** Checks a column and its children, and returns the number of its values. */
  private long requireColumn(Field column) {
    ArrowFieldNode node = nodes.next();
    long rows = node.getLength();
    TypeLayout layout = TypeLayout.getTypeLayout(column.getType());
    long values = valuesOfChildren(column.getType(), rows);
    boolean hasRanges = hasRanges(layout);
    for (BufferLayout part : layout.getBufferLayouts()) {
      ArrowBuf buffer = buffers.next();
      long bits = bitsOfOne(column.getType(), part);
      long ones =
          switch (part.getType()) {
            case VALIDITY -> hasBits(node) ? rows : 0;
            case OFFSET -> hasRanges && rows > 0 ? rows + 1 : rows;
            case DATA -> hasRanges ? 0 : rows;
            default -> rows;
          };
      ArrowValues.requireBytes(column.getName(), buffer, bytes(ones, bits));
      if (part.getType() == BufferType.OFFSET && hasRanges && rows > 0) {
        values =
            bits == Long.SIZE
                ? buffer.getLong(rows * Long.BYTES)
                : buffer.getInt(rows * Integer.BYTES);
      }
    }
    if (!layout.isFixedBufferCount()) {
      for (long further = furtherBuffers.next(); further > 0; further--) {
        buffers.next();
      }
    }
    for (Field child : column.getChildren()) {
      long held = requireColumn(child);
      if (values < 0 || values > held) {
        throw ArrowValues.tooFewValues(column.getName(), values, held);
      }
    }
    return rows;
  }

  /** Whether value i lies between the offsets i and i + 1, as in lists and texts. */
  private static boolean hasRanges(TypeLayout layout) {
    List<BufferType> parts = layout.getBufferTypes();
    return parts.contains(BufferType.OFFSET)
        && !parts.contains(BufferType.SIZE)
        && !parts.contains(BufferType.TYPE);
  }

  /** Whether the validity is read: it may be left out if all values are null, or none. */
  private static boolean hasBits(ArrowFieldNode node) {
    return node.getNullCount() != 0 && node.getNullCount() != node.getLength();
  }

  private static long bytes(long ones, long bits) {
    return (Math.multiplyExact(ones, bits) + Byte.SIZE - 1) / Byte.SIZE;
  }

  /** The layout's width of fixed-size binary values overflows. */
  private static long bitsOfOne(ArrowType type, BufferLayout part) {
    return type instanceof FixedSizeBinary binary && part.getType() == BufferType.DATA
        ? (long) Byte.SIZE * binary.getByteWidth()
        : part.getTypeBitWidth();
  }

  /** The number of values that each child needs, if no offset states it. */
  private static long valuesOfChildren(ArrowType type, long rows) {
    return switch (type.getTypeID()) {
      case Struct -> rows;
      case FixedSizeList -> Math.multiplyExact(rows, ((FixedSizeList) type).getListSize());
      default -> 0;
    };
  }
}
