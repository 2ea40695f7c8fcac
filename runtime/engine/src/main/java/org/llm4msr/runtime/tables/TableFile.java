package org.llm4msr.runtime.tables;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.toolkit.arrow.ArrowRows;

/**
 * An embedding table as an Arrow IPC file: one row per vector, column {@code weight} a fixed-size
 * list of float32, and columns {@code state1}, {@code state2} if the optimiser's state is kept.
 */
public final class TableFile {

  private static final int BATCH_ROWS = 1 << 15;
  private static final List<String> COLUMNS = List.of("weight", "state1", "state2");

  private TableFile() {}

  /** Writes a table and forces it to the disk. */
  public static void write(EmbeddingTable table, Path file, boolean withState) throws IOException {
    int slots = withState ? 1 + table.stateSlots() : 1;
    float[] block = new float[Math.min(BATCH_ROWS, table.rows()) * table.dimension()];
    try (BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot root =
            VectorSchemaRoot.create(schema(slots, table.dimension()), allocator);
        FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        ArrowFileWriter writer = new ArrowFileWriter(root, null, channel)) {
      writer.start();
      for (int from = 0; from < table.rows(); from += BATCH_ROWS) {
        int to = Math.min(from + BATCH_ROWS, table.rows());
        for (int slot = 0; slot < slots; slot++) {
          table.read(slot, from, to, block);
          fill(root.getVector(slot), to - from, table.dimension(), block);
        }
        root.setRowCount(to - from);
        writer.writeBatch();
      }
      writer.end();
      channel.force(true);
    }
  }

  private static void fill(FieldVector vector, int rows, int dimension, float[] block) {
    FixedSizeListVector lists = (FixedSizeListVector) vector;
    Float4Vector values = (Float4Vector) lists.getDataVector();
    int count = rows * dimension;
    lists.setInitialCapacity(rows);
    lists.allocateNew();
    values.allocateNew(count);
    values
        .getDataBuffer()
        .nioBuffer(0, count * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer()
        .put(0, block, 0, count);
    markValid(values.getValidityBuffer(), count);
    markValid(lists.getValidityBuffer(), rows);
    values.setValueCount(count);
    lists.setValueCount(rows);
  }

  private static void markValid(ArrowBuf validity, int count) {
    validity.setOne(0L, (count + 7L) / 8);
  }

  private static Schema schema(int slots, int dimension) {
    Field item =
        new Field(
            "item",
            FieldType.notNullable(new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE)),
            null);
    List<Field> fields = new ArrayList<>();
    for (String column : COLUMNS.subList(0, slots)) {
      fields.add(
          new Field(
              column,
              FieldType.notNullable(new ArrowType.FixedSizeList(dimension)),
              List.of(item)));
    }
    return new Schema(fields);
  }

  /** Reads vectors, and the state if both the file and the table have it. */
  public static void read(EmbeddingTable table, Path file) throws IOException {
    read(table, file, table.rows());
  }

  /**
   * Reads the first rows of a table that has grown since; the others stay as they are.
   *
   * @param count rows that the file has, at most those of the table
   */
  public static void read(EmbeddingTable table, Path file, int count) throws IOException {
    float[] block = new float[BATCH_ROWS * table.dimension()];
    try (BufferAllocator allocator = new RootAllocator();
        ArrowReader reader = ArrowRows.open(file, allocator)) {
      VectorSchemaRoot root = reader.getVectorSchemaRoot();
      int slots = Math.min(1 + table.stateSlots(), root.getFieldVectors().size());
      int row = 0;
      while (reader.loadNextBatch()) {
        int rows = root.getRowCount();
        if (row + rows > count) {
          throw mismatch(table, file, "it has more rows");
        }
        for (int slot = 0; slot < slots; slot++) {
          block = values(table, root, slot, block, file);
          table.write(slot, row, row + rows, block);
        }
        row += rows;
      }
      if (row != count) {
        throw mismatch(table, file, "it has " + row);
      }
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw mismatch(table, file, "it is not a complete Arrow file: " + e.getMessage());
    }
  }

  private static float[] values(
      EmbeddingTable table, VectorSchemaRoot root, int slot, float[] block, Path file) {
    if (root.getVector(COLUMNS.get(slot)) instanceof FixedSizeListVector lists
        && lists.getListSize() == table.dimension()
        && lists.getDataVector() instanceof Float4Vector values) {
      int count = root.getRowCount() * table.dimension();
      float[] target = block.length < count ? new float[count] : block;
      values
          .getDataBuffer()
          .nioBuffer(0, count * Float.BYTES)
          .order(ByteOrder.nativeOrder())
          .asFloatBuffer()
          .get(target, 0, count);
      for (int i = 0; i < count; i++) {
        if (!Float.isFinite(target[i])) {
          throw mismatch(table, file, "it holds the value " + target[i]);
        }
      }
      return target;
    }
    throw mismatch(
        table, file, "its column " + COLUMNS.get(slot) + " is not a fixed-size list of that width");
  }

  private static MsrException mismatch(EmbeddingTable table, Path file, String how) {
    return new MsrException(
        ErrorType.DATA,
        "model/TABLE_MISMATCH",
        "The table of '%s' has %d rows of %d float32, but of %s: %s. Use the files of this model."
            .formatted(table.name(), table.rows(), table.dimension(), file, how));
  }
}
