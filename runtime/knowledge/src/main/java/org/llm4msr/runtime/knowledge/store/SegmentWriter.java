package org.llm4msr.runtime.knowledge.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.util.Float16;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.FixedSizeBinaryVector;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.files.DurableFiles;

/**
 * Writes one segment, which appears under its name when it is committed. {@link
 * SegmentJournal#finish} recovers what was kept of an uncommitted one.
 */
final class SegmentWriter implements AutoCloseable {

  /** The approximate bytes of vectors in a record batch, which a reader loads at once. */
  private static final int BATCH_BYTES = 8 << 20;

  private static final float LARGEST_HALF = 65504;

  private final Path file;
  private final int dimension;
  private final int batchRows;
  private final VectorSchemaRoot root;
  private final FileChannel channel;
  private final SegmentJournal.Checked checked;
  private final ArrowFileWriter writer;
  private @Nullable SegmentJournal journal;
  private int batchRow;
  private long rows;

  SegmentWriter(Path file, StoreInfo info, BufferAllocator allocator) throws IOException {
    this.file = file;
    this.dimension = info.encoder().dimension();
    this.batchRows = Math.max(1, BATCH_BYTES / (4 * dimension));
    this.channel =
        FileChannel.open(DurableFiles.unfinished(file), CREATE, WRITE, TRUNCATE_EXISTING);
    this.root = VectorSchemaRoot.create(StoreSchema.of(info), allocator);
    this.checked = new SegmentJournal.Checked(channel);
    this.writer = new ArrowFileWriter(root, null, checked);
  }

  /** Returns how many rows were appended. */
  long rows() {
    return rows;
  }

  /** Appends one row. */
  void append(StoredKnowledge row) throws IOException {
    setVector(row);
    column(StoreSchema.KEY, VarCharVector.class).setSafe(batchRow, row.key().getBytes(UTF_8));
    column(StoreSchema.PROMPT_HASH, FixedSizeBinaryVector.class)
        .setSafe(batchRow, row.promptHash());
    if (row.text() != null) {
      column(StoreSchema.TEXT, VarCharVector.class).setSafe(batchRow, row.text().getBytes(UTF_8));
    }
    column(StoreSchema.TOKENS, IntVector.class).setSafe(batchRow, row.tokens());
    column(StoreSchema.DROPPED, IntVector.class).setSafe(batchRow, row.droppedHistory());
    batchRow++;
    rows++;
    if (batchRow == batchRows) {
      writeBatch();
    }
  }

  /** Returns the bytes that were kept. */
  long bytes() {
    return writer.bytesWritten();
  }

  /** Hands appended rows to the system, which keeps them even if this process dies. */
  void keep() throws IOException {
    if (batchRow > 0) {
      writeBatch();
    }
  }

  /** Forces what was kept to the disk. */
  void force() throws IOException {
    channel.force(false);
    if (journal != null) {
      journal.force();
    }
  }

  /** Finishes the file and gives it its name. */
  void commit() throws IOException {
    keep();
    writer.end();
    channel.force(true);
    closeAll();
    DurableFiles.publish(file);
    SegmentJournal.delete(file);
  }

  /** Closes without a commit; what was kept stays for {@link SegmentJournal#finish}. */
  @Override
  public void close() throws IOException {
    boolean empty = writer.getRecordBlocks().isEmpty();
    try {
      closeAll();
    } finally {
      if (empty) {
        Files.deleteIfExists(DurableFiles.unfinished(file));
        SegmentJournal.delete(file);
      }
    }
  }

  private void writeBatch() throws IOException {
    if (journal == null) {
      journal = SegmentJournal.create(file);
      writer.start();
      journal.schema(writer.bytesWritten(), checked.checksum());
    }
    root.setRowCount(batchRow);
    writer.writeBatch();
    List<ArrowBlock> blocks = writer.getRecordBlocks();
    journal.batch(blocks.get(blocks.size() - 1), writer.bytesWritten(), checked.checksum());
    root.clear();
    batchRow = 0;
  }

  private void closeAll() throws IOException {
    SegmentJournal begun = journal;
    try (channel;
        begun;
        root;
        writer) {
      // All are closed, whichever fails: on a full disk the writer does.
    }
  }

  private void setVector(StoredKnowledge row) {
    if (row.vector().length != dimension) {
      throw new MsrException(
          ErrorType.PLUGIN,
          "knowledge/WRONG_DIMENSION",
          "the encoder says K = %d but returned %d numbers. Key %s. Report it to the encoder's author."
              .formatted(dimension, row.vector().length, row.key()));
    }
    FixedSizeListVector list = column(StoreSchema.VECTOR, FixedSizeListVector.class);
    list.startNewValue(batchRow);
    FieldVector elements = list.getDataVector();
    int first = batchRow * dimension;
    if (elements instanceof Float2Vector halves) {
      for (int k = 0; k < dimension; k++) {
        halves.setSafe(first + k, Float16.toFloat16(checked(row, k, LARGEST_HALF)));
      }
    } else {
      Float4Vector floats = (Float4Vector) elements;
      for (int k = 0; k < dimension; k++) {
        floats.setSafe(first + k, checked(row, k, Float.MAX_VALUE));
      }
    }
  }

  private static float checked(StoredKnowledge row, int k, float largest) {
    float value = row.vector()[k];
    if (Math.abs(value) <= largest) {
      return value;
    }
    if (Float.isFinite(value)) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/TOO_LARGE_FOR_FLOAT16",
          "element %d is %s, float16 ends at 65504. Key %s. Set knowledge.precision to float32."
              .formatted(k, value, row.key()));
    }
    throw new MsrException(
        ErrorType.PLUGIN,
        "knowledge/NOT_FINITE",
        "the encoder returned %s for element %d. Key %s. Check the model's files and precision."
            .formatted(value, k, row.key()));
  }

  private <T> T column(String name, Class<T> type) {
    return type.cast(root.getVector(name));
  }
}
