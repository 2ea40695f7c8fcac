package org.llm4msr.runtime.knowledge;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FixedSizeBinaryVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.support.ArrowRows;

/**
 * Reads one segment. The vectors are not read but mapped, where they lie in the file: opening a
 * large store costs no memory, and the system keeps what is used.
 */
final class SegmentReader {

  /** Sees the rows of one record batch; vectors of row r start at element r * K of the block. */
  @FunctionalInterface
  interface BatchVisitor {
    void visit(Rows rows, VectorBlock block) throws IOException;
  }

  private SegmentReader() {}

  /** Visits the record batches in the order of the file. */
  static void forEachBatch(
      Path file, StoreInfo info, BufferAllocator allocator, BatchVisitor visitor)
      throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      checkSchema(reader.getVectorSchemaRoot().getSchema(), info, file);
      for (ArrowBlock block : reader.getRecordBlocks()) {
        load(channel, reader, block, file);
        Rows rows = new Rows(reader.getVectorSchemaRoot());
        rows.requireCounts(file);
        visitor.visit(rows, map(channel, block, rows.count(), info, file));
      }
    } catch (MsrException e) {
      throw e;
    } catch (RuntimeException e) {
      // Arrow reads lengths and offsets unchecked, so that damage shows as any exception.
      throw damaged(file, String.valueOf(e.getMessage()));
    }
  }

  private static void load(
      FileChannel channel, ArrowFileReader reader, ArrowBlock block, Path file) {
    try {
      ArrowRows.requireSound(channel, block);
      reader.loadRecordBatch(block);
    } catch (IOException e) {
      throw damaged(file, String.valueOf(e.getMessage()));
    }
  }

  /** The columns of one record batch beside the vectors. */
  static final class Rows {
    private final VectorSchemaRoot root;
    private final VarCharVector keys;
    private final FixedSizeBinaryVector hashes;
    private final VarCharVector texts;
    private final IntVector tokens;
    private final IntVector dropped;

    private Rows(VectorSchemaRoot root) {
      this.root = root;
      this.keys = (VarCharVector) root.getVector(StoreSchema.KEY);
      this.hashes = (FixedSizeBinaryVector) root.getVector(StoreSchema.PROMPT_HASH);
      this.texts = (VarCharVector) root.getVector(StoreSchema.TEXT);
      this.tokens = (IntVector) root.getVector(StoreSchema.TOKENS);
      this.dropped = (IntVector) root.getVector(StoreSchema.DROPPED);
    }

    int count() {
      return root.getRowCount();
    }

    private void requireCounts(Path file) {
      for (int row = 0; row < count(); row++) {
        if (tokens(row) < 0 || droppedHistory(row) < 0) {
          throw damaged(
              file,
              "its row %d has %d tokens and %d items left out"
                  .formatted(row, tokens(row), droppedHistory(row)));
        }
      }
    }

    String key(int row) {
      return new String(keys.get(row), UTF_8);
    }

    byte[] promptHash(int row) {
      return hashes.get(row);
    }

    @Nullable String text(int row) {
      return texts.isNull(row) ? null : new String(texts.get(row), UTF_8);
    }

    int tokens(int row) {
      return tokens.get(row);
    }

    int droppedHistory(int row) {
      return dropped.get(row);
    }
  }

  private static void checkSchema(Schema schema, StoreInfo info, Path file) {
    if (!StoreSchema.matches(schema, StoreSchema.of(info))) {
      throw damaged(file, "its columns are " + schema.getFields());
    }
    String identity = schema.getCustomMetadata().get(StoreSchema.IDENTITY);
    if (!info.identity().equals(identity)) {
      throw damaged(
          file,
          "it was made by another encoder, template or precision than store.json names"
              + " (its metadata "
              + StoreSchema.IDENTITY
              + " is "
              + identity
              + ", not "
              + info.identity()
              + ")");
    }
  }

  private static VectorBlock map(
      FileChannel channel, ArrowBlock block, int rows, StoreInfo info, Path file)
      throws IOException {
    RecordBatch batch = header(channel, block, file);
    boolean nulls =
        batch.nodes(StoreSchema.LIST_NODE).nullCount() > 0
            || batch.nodes(StoreSchema.ELEMENT_NODE).nullCount() > 0;
    if (nulls || batch.compression() != null) {
      throw damaged(file, "its vectors are " + (nulls ? "partly null" : "compressed"));
    }
    Buffer vectors = batch.buffers(StoreSchema.VECTOR_BUFFER);
    long bytes = (long) rows * info.encoder().dimension() * VectorBlock.bytes(info.precision());
    long start = block.getOffset() + block.getMetadataLength() + vectors.offset();
    if (vectors.length() < bytes || start + bytes > channel.size()) {
      throw damaged(file, "its vectors are cut short");
    }
    ByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, start, bytes);
    return new VectorBlock(mapped, info.precision(), info.encoder().dimension());
  }

  /** Reads where the buffers of a record batch lie, which Arrow's own reader does not tell. */
  private static RecordBatch header(FileChannel channel, ArrowBlock block, Path file)
      throws IOException {
    ByteBuffer metadata =
        ByteBuffer.allocate(block.getMetadataLength()).order(ByteOrder.LITTLE_ENDIAN);
    while (metadata.hasRemaining()) {
      if (channel.read(metadata, block.getOffset() + metadata.position()) < 0) {
        throw damaged(file, "it ends early");
      }
    }
    // A continuation mark and the length come before the message.
    Message message =
        Message.getRootAsMessage(metadata.position(8).slice().order(ByteOrder.LITTLE_ENDIAN));
    if (message.headerType() != MessageHeader.RecordBatch) {
      throw damaged(file, "a block is no record batch");
    }
    return (RecordBatch) message.header(new RecordBatch());
  }

  static MsrException damaged(Path file, String why) {
    return new MsrException(
        ErrorType.DATA,
        "knowledge/DAMAGED",
        "a file of the knowledge store cannot be used: %s. %s. Run 'llm4msr knowledge extract --rebuild'."
            .formatted(why, file));
  }
}
