package org.llm4msr.runtime.data.database;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BitVectorHelper;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.types.pojo.ArrowType.FixedSizeList;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.SplitColumns;
import org.llm4msr.runtime.files.Checksums;

/**
 * Writes an Arrow IPC file in record batches of exactly {@value #BLOCK_ROWS} rows, fewer if they
 * have vectors, whatever the sizes of the batches that it is given, so that the same rows always
 * give the same bytes.
 */
public final class ArrowFileSink implements AutoCloseable {

  public static final int BLOCK_ROWS = 65_536;

  /** Numbers of the vectors of a record batch. */
  private static final int BLOCK_NUMBERS = 1 << 22;

  private final FileChannel channel;
  private final MessageDigest digest = Checksums.sha256();
  private final VectorSchemaRoot root;
  private final ArrowFileWriter writer;
  private final LongConsumer written;
  private final int blockRows;
  private int filled;

  /**
   * Opens a file.
   *
   * @param names the columns; only one called {@value SplitColumns#TIME} may hold nulls
   * @param like an example of what will be appended, for its types
   * @param written told of the rows of every finished record batch
   */
  public ArrowFileSink(
      Path file,
      List<String> names,
      VectorSchemaRoot like,
      BufferAllocator allocator,
      LongConsumer written)
      throws IOException {
    channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    root = VectorSchemaRoot.create(schema(names, like), allocator);
    this.written = written;
    blockRows = blockRows(vectorNumbers(root.getSchema()));
    OutputStream out = new DigestOutputStream(Channels.newOutputStream(channel), digest);
    writer = new ArrowFileWriter(root, null, Channels.newChannel(out));
    writer.start();
    root.allocateNew();
  }

  /** Returns the rows of a record batch whose rows have so many numbers in vectors. */
  public static int blockRows(int numbers) {
    return Math.min(BLOCK_ROWS, BLOCK_NUMBERS / Math.max(1, numbers));
  }

  private static int vectorNumbers(Schema schema) {
    return schema.getFields().stream()
        .map(Field::getType)
        .mapToInt(type -> type instanceof FixedSizeList list ? list.getListSize() : 0)
        .sum();
  }

  private static Schema schema(List<String> names, VectorSchemaRoot like) {
    List<Field> fields = new ArrayList<>();
    for (int c = 0; c < names.size(); c++) {
      Field given = like.getVector(c).getField();
      List<Field> children = new ArrayList<>();
      for (Field child : given.getChildren()) {
        children.add(new Field("item", FieldType.notNullable(child.getType()), null));
      }
      boolean nullable = names.get(c).equals(SplitColumns.TIME);
      fields.add(new Field(names.get(c), new FieldType(nullable, given.getType(), null), children));
    }
    return new Schema(fields);
  }

  /** Appends rows of the same columns. */
  public void append(VectorSchemaRoot source, int from, int count) throws IOException {
    int next = from;
    int left = count;
    while (left > 0) {
      int length = Math.min(left, blockRows - filled);
      for (int c = 0; c < root.getFieldVectors().size(); c++) {
        copy(source.getVector(c), next, length, root.getVector(c));
      }
      filled += length;
      next += length;
      left -= length;
      if (filled == blockRows) {
        flush();
      }
    }
  }

  private void copy(FieldVector source, int from, int count, FieldVector target) {
    if (target instanceof ListVector lists) {
      copyLists((ListVector) source, from, count, lists);
    } else if (target instanceof FixedSizeListVector vectors) {
      copyVectors((FixedSizeListVector) source, from, count, vectors);
    } else if (target instanceof VarCharVector texts) {
      copyTexts((VarCharVector) source, from, count, texts);
    } else if (target.getField().isNullable()) {
      copyNullable((BaseFixedWidthVector) source, from, count, (BaseFixedWidthVector) target);
    } else {
      copyBytes((BaseFixedWidthVector) source, from, count, (BaseFixedWidthVector) target, filled);
    }
  }

  /** Copies values without their null flags, and makes room for them. */
  public static void copyBytes(
      BaseFixedWidthVector source, int from, int count, BaseFixedWidthVector target, int at) {
    while (target.getValueCapacity() < at + count) {
      target.reAlloc();
    }
    long width = source.getTypeWidth();
    target
        .getDataBuffer()
        .setBytes(at * width, source.getDataBuffer(), from * width, count * width);
  }

  /** Writes zeros where values are null: the same rows must give the same bytes. */
  private void copyNullable(
      BaseFixedWidthVector source, int from, int count, BaseFixedWidthVector target) {
    copyBytes(source, from, count, target, filled);
    int width = source.getTypeWidth();
    for (int i = 0; i < count; i++) {
      boolean present = !source.isNull(from + i);
      BitVectorHelper.setValidityBit(target.getValidityBuffer(), filled + i, present ? 1 : 0);
      if (!present) {
        target.getDataBuffer().setZero((long) (filled + i) * width, width);
      }
    }
  }

  private void copyTexts(VarCharVector source, int from, int count, VarCharVector target) {
    for (int i = 0; i < count; i++) {
      target.setSafe(filled + i, source.get(from + i));
    }
  }

  private void copyVectors(
      FixedSizeListVector source, int from, int count, FixedSizeListVector target) {
    while (target.getValueCapacity() < filled + count) {
      target.reAlloc();
    }
    int size = target.getListSize();
    copyBytes(
        (BaseFixedWidthVector) source.getDataVector(),
        from * size,
        count * size,
        (BaseFixedWidthVector) target.getDataVector(),
        filled * size);
  }

  private void copyLists(ListVector source, int from, int count, ListVector target) {
    while (target.getValueCapacity() < filled + count) {
      target.reAlloc();
    }
    ArrowBuf offsets = target.getOffsetBuffer();
    int first = source.getOffsetBuffer().getInt((long) from * Integer.BYTES);
    int start = filled == 0 ? 0 : offsets.getInt((long) filled * Integer.BYTES);
    offsets.setInt((long) filled * Integer.BYTES, start);
    for (int i = 1; i <= count; i++) {
      int end = source.getOffsetBuffer().getInt((long) (from + i) * Integer.BYTES);
      offsets.setInt((long) (filled + i) * Integer.BYTES, start + end - first);
    }
    int length = offsets.getInt((long) (filled + count) * Integer.BYTES) - start;
    target.setLastSet(filled + count - 1);
    copyBytes(
        (BaseFixedWidthVector) source.getDataVector(),
        first,
        length,
        (BaseFixedWidthVector) target.getDataVector(),
        start);
  }

  private void flush() throws IOException {
    for (FieldVector vector : root.getFieldVectors()) {
      if (!vector.getField().isNullable()) {
        markPresent(vector, filled);
      }
      if (vector instanceof ListVector lists) {
        int values = lists.getOffsetBuffer().getInt((long) filled * Integer.BYTES);
        markPresent(lists.getDataVector(), values);
        lists.getDataVector().setValueCount(values);
      }
      if (vector instanceof FixedSizeListVector vectors) {
        int values = filled * vectors.getListSize();
        markPresent(vectors.getDataVector(), values);
        vectors.getDataVector().setValueCount(values);
      }
    }
    root.setRowCount(filled);
    writer.writeBatch();
    written.accept(filled);
    filled = 0;
    root.clear();
    root.allocateNew();
  }

  private static void markPresent(FieldVector vector, int count) {
    ArrowBuf validity = vector.getValidityBuffer();
    int whole = count / Byte.SIZE;
    validity.setOne(0, (long) whole);
    if (count % Byte.SIZE != 0) {
      validity.setByte(whole, (1 << (count % Byte.SIZE)) - 1);
    }
  }

  /** Writes what is left, syncs the file and returns its size and checksum. */
  public DatasetManifest.FileStamp finish() throws IOException {
    if (filled > 0) {
      flush();
    }
    writer.end();
    channel.force(true);
    return new DatasetManifest.FileStamp(
        channel.size(), Checksums.hex(requireNonNull(digest.digest(), "digest is null")));
  }

  @Override
  public void close() throws IOException {
    root.close();
    channel.close();
  }
}
