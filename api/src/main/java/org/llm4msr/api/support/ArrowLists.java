package org.llm4msr.api.support;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.TypeLayout;
import org.apache.arrow.vector.complex.LargeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.compression.NoCompressionCodec;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Compares the values that the lists of a batch need with those that there are, before the batch is
 * loaded: Arrow takes memory for as many as the last offset says.
 */
final class ArrowLists {

  private final Iterator<ArrowFieldNode> nodes;
  private final Iterator<ArrowBuf> buffers;
  private final Iterator<Long> furtherBuffers;

  private ArrowLists(ArrowRecordBatch batch) {
    nodes = batch.getNodes().iterator();
    buffers = batch.getBuffers().iterator();
    furtherBuffers = batch.getVariadicBufferCounts().iterator();
  }

  /**
   * Checks a batch; one that is compressed is left to the check after it was loaded.
   *
   * @throws RuntimeException where an offset, or the batch as a whole, is damaged
   */
  static void requireValues(Schema schema, ArrowRecordBatch batch) {
    if (batch.getBodyCompression().getCodec() == NoCompressionCodec.COMPRESSION_TYPE) {
      ArrowLists lists = new ArrowLists(batch);
      for (Field column : schema.getFields()) {
        long rows = lists.length(column);
        if (rows != batch.getLength()) { // Arrow would make room for what is not there.
          throw new IllegalArgumentException(
              "column '%s' has %d values, its batch %d"
                  .formatted(column.getName(), rows, batch.getLength()));
        }
      }
    }
  }

  /** Returns the number of values of a column, and steps over its buffers and children. */
  private long length(Field column) {
    long rows = nodes.next().getLength();
    TypeLayout layout = TypeLayout.getTypeLayout(column.getType());
    long count = layout.getBufferLayouts().size();
    if (!layout.isFixedBufferCount()) {
      count += furtherBuffers.next();
    }
    List<ArrowBuf> own = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      own.add(buffers.next());
    }
    long values = 0;
    for (Field child : column.getChildren()) {
      values = length(child);
    }
    long needed = rows == 0 ? 0 : needed(column, own, rows);
    if (needed < 0 || needed > values) {
      throw ArrowRows.tooFewValues(column.getName(), needed, values);
    }
    return rows;
  }

  private static void requireOffsets(Field column, List<ArrowBuf> own, long rows, long width) {
    ArrowRows.requireBytes(column.getName(), own.get(1), (rows + 1) * width);
  }

  private static long needed(Field column, List<ArrowBuf> own, long rows) {
    return switch (column.getType().getTypeID()) {
      case List, Map -> {
        long at = rows * ListVector.OFFSET_WIDTH;
        ArrowRows.requireBytes(column.getName(), own.get(1), at + ListVector.OFFSET_WIDTH);
        yield own.get(1).getInt(at);
      }
      case LargeList -> {
        long at = rows * LargeListVector.OFFSET_WIDTH;
        ArrowRows.requireBytes(column.getName(), own.get(1), at + LargeListVector.OFFSET_WIDTH);
        yield own.get(1).getLong(at);
      }
      case Utf8, Binary -> {
        requireOffsets(column, own, rows, ListVector.OFFSET_WIDTH);
        yield 0;
      }
      case LargeUtf8, LargeBinary -> {
        requireOffsets(column, own, rows, LargeListVector.OFFSET_WIDTH);
        yield 0;
      }
      default -> 0;
    };
  }
}
