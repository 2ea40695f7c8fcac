package org.llm4msr.toolkit.arrow;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BaseVariableWidthViewVector;
import org.apache.arrow.vector.BitVectorHelper;
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
import org.jspecify.annotations.Nullable;

/**
 * Compares the buffers that the columns of a batch need with those that it has, and its offsets
 * with what they point to, before the batch is loaded: Arrow would fill up what is missing with
 * zeros, and allocate a text as long as two offsets say.
 */
final class ArrowBatches {

  /** What is read of a column, as multiples of its bytes: texts may lie in the same ones. */
  static final int MOST_TIMES = 4;

  /** Where a view of 16 bytes says in which buffer its text is, and at which byte of it. */
  private static final int VIEWED_BUFFER = 8;

  private static final int VIEWED_BEGIN = 12;

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

  /**
   * Returns the bytes that loading a batch allocates beside its body: Arrow makes the validity anew
   * of a column whose values are all null, or none.
   */
  static long allocated(ArrowRecordBatch batch) {
    return batch.getNodes().stream()
        .filter(node -> !hasBits(node))
        .mapToLong(node -> bytes(node.getLength(), 1))
        .sum();
  }

  /** Checks a column and its children, and returns the number of its values. */
  private long requireColumn(Field column) {
    ArrowFieldNode node = nodes.next();
    long rows = node.getLength();
    TypeLayout layout = TypeLayout.getTypeLayout(column.getType());
    long values = valuesOfChildren(column.getType(), rows);
    boolean hasRanges = hasRanges(layout);
    List<ArrowBuf> parts = new ArrayList<>();
    for (BufferLayout part : layout.getBufferLayouts()) {
      ArrowBuf buffer = buffers.next();
      parts.add(buffer);
      long bits = bitsOfOne(column.getType(), part);
      long ones =
          switch (part.getType()) {
            case VALIDITY -> hasBits(node) ? rows : 0;
            case OFFSET -> hasRanges && rows > 0 ? rows + 1 : rows;
            case DATA -> hasRanges ? values : rows;
            default -> rows;
          };
      ArrowValues.requireBytes(column.getName(), buffer, bytes(ones, bits));
      if (part.getType() == BufferType.OFFSET && hasRanges && rows > 0) {
        values = requireRanges(column.getName(), buffer, rows, bits == Long.SIZE);
      }
    }
    if (!layout.isFixedBufferCount()) {
      List<ArrowBuf> texts = new ArrayList<>();
      for (long further = furtherBuffers.next(); further > 0; further--) {
        texts.add(buffers.next());
      }
      requireViews(
          column.getName(), node, hasBits(node) ? parts.get(0) : null, parts.get(1), texts);
    }
    for (Field child : column.getChildren()) {
      long held = requireColumn(child);
      if (values < 0 || values > held) {
        throw ArrowValues.tooFewValues(column.getName(), values, held);
      }
    }
    return rows;
  }

  /**
   * Refuses ranges that begin before their values or end before they begin; returns the last end.
   */
  private static long requireRanges(String column, ArrowBuf offsets, long rows, boolean wide) {
    long before = 0;
    for (long row = 0; row <= rows; row++) {
      long offset = wide ? offsets.getLong(row * Long.BYTES) : offsets.getInt(row * Integer.BYTES);
      if (offset < before) {
        throw new IllegalArgumentException(
            "column '%s' has the offset %d after %d".formatted(column, offset, before));
      }
      before = offset;
    }
    return before;
  }

  /**
   * Refuses texts that are not where their views say, or together much longer than their buffers.
   */
  private static void requireViews(
      String column,
      ArrowFieldNode node,
      @Nullable ArrowBuf validity,
      ArrowBuf views,
      List<ArrowBuf> texts) {
    long all = 0;
    for (int row = 0; row < node.getLength() && node.getNullCount() < node.getLength(); row++) {
      long at = (long) row * BaseVariableWidthViewVector.ELEMENT_SIZE;
      long length = views.getInt(at);
      if (validity != null && BitVectorHelper.get(validity, row) == 0) {
        continue; // Nobody reads it.
      }
      if (length < 0 || length > BaseVariableWidthViewVector.INLINE_SIZE) {
        int buffer = views.getInt(at + VIEWED_BUFFER);
        long begin = views.getInt(at + VIEWED_BEGIN);
        if (length < 0
            || buffer < 0
            || buffer >= texts.size()
            || begin < 0
            || begin + length > texts.get(buffer).capacity()) {
          throw new IllegalArgumentException(
              "column '%s' has a text of %d bytes at byte %d of buffer %d, which does not hold it"
                  .formatted(column, length, begin, buffer));
        }
      }
      all += length;
    }
    long held = views.capacity() + texts.stream().mapToLong(ArrowBuf::capacity).sum();
    if (all > MOST_TIMES * held) {
      throw new IllegalArgumentException(
          "the texts of column '%s' have %d bytes, their buffers %d; send them as plain texts"
              .formatted(column, all, held));
    }
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
