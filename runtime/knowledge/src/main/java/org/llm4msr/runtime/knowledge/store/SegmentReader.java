package org.llm4msr.runtime.knowledge.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.toolkit.arrow.ArrowMessages;

/**
 * Reads one segment where it lies, in mapped memory: opening a large store reads keys and hashes,
 * but not vectors, and takes no memory for any of them; the system caches what is used.
 */
final class SegmentReader {

  /** Gets the rows of a record batch; the vector of row r starts at element r * K of the block. */
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
      Mapping mapping = new Mapping(channel);
      for (ArrowBlock block : reader.getRecordBlocks()) {
        Rows rows = rows(channel, block, mapping, file);
        rows.requireCounts();
        visitor.visit(rows, vectors(rows, info, file));
      }
    } catch (MsrException e) {
      throw e;
    } catch (RuntimeException e) {
      // Arrow does not check lengths and offsets: damage can cause any exception.
      throw damaged(file, String.valueOf(e.getMessage()));
    }
  }

  /** Maps neighbouring buffers together, because a process has a limited number of mappings. */
  private static final class Mapping {
    private static final long REGION = 1L << 30;

    private final FileChannel channel;
    private ByteBuffer region = ByteBuffer.allocate(0);
    private long start;

    Mapping(FileChannel channel) {
      this.channel = channel;
    }

    ByteBuffer part(long from, long length) throws IOException {
      if (from < start || from + length > start + region.capacity()) {
        long size = Math.min(Math.max(length, REGION), channel.size() - from);
        region = channel.map(FileChannel.MapMode.READ_ONLY, from, size);
        start = from;
      }
      return region.slice((int) (from - start), (int) length).order(ByteOrder.LITTLE_ENDIAN);
    }
  }

  /** The columns of one record batch. */
  static final class Rows {
    private final Path file;
    private final RecordBatch batch;
    private final ByteBuffer body;
    private final ByteBuffer keyOffsets;
    private final ByteBuffer keys;
    private final ByteBuffer hashes;
    private final ByteBuffer textValidity;
    private final ByteBuffer textOffsets;
    private final ByteBuffer texts;
    private final ByteBuffer tokens;
    private final ByteBuffer dropped;

    private Rows(Path file, RecordBatch batch, ByteBuffer body) {
      this.file = file;
      this.batch = batch;
      this.body = body;
      this.keyOffsets = buffer(1);
      this.keys = buffer(2);
      this.hashes = buffer(4);
      this.textValidity = buffer(8);
      this.textOffsets = buffer(9);
      this.texts = buffer(10);
      this.tokens = buffer(12);
      this.dropped = buffer(14);
    }

    int count() {
      return Math.toIntExact(batch.length());
    }

    private ByteBuffer buffer(int number) {
      Buffer buffer = batch.buffers(number);
      return body.slice(Math.toIntExact(buffer.offset()), Math.toIntExact(buffer.length()))
          .order(ByteOrder.LITTLE_ENDIAN);
    }

    private void requireCounts() {
      for (int node = 0; node < batch.nodesLength(); node++) {
        if (node != StoreSchema.TEXT_NODE && batch.nodes(node).nullCount() > 0) {
          throw damaged(file, "its vectors, keys or counts are partly null");
        }
      }
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
      return text(keyOffsets, keys, row);
    }

    byte[] promptHash(int row) {
      byte[] hash = new byte[StoreSchema.HASH_BYTES];
      hashes.get(row * hash.length, hash);
      return hash;
    }

    @Nullable String text(int row) {
      boolean absent =
          batch.nodes(StoreSchema.TEXT_NODE).nullCount() > 0
              && (textValidity.get(row >> 3) & 1 << (row & 7)) == 0;
      return absent ? null : text(textOffsets, texts, row);
    }

    int tokens(int row) {
      return tokens.getInt(row * Integer.BYTES);
    }

    int droppedHistory(int row) {
      return dropped.getInt(row * Integer.BYTES);
    }

    /** Returns a whole row, with its vector of K numbers from the block. */
    StoredKnowledge row(int row, VectorBlock block, int dimension) {
      float[] vector = new float[dimension];
      block.read(row, vector);
      return new StoredKnowledge(
          key(row), promptHash(row), vector, text(row), tokens(row), droppedHistory(row));
    }

    private String text(ByteBuffer offsets, ByteBuffer data, int row) {
      int start = offsets.getInt(row * Integer.BYTES);
      int length = offsets.getInt((row + 1) * Integer.BYTES) - start;
      if (start < 0 || length < 0 || length > data.capacity() - start) {
        throw damaged(file, "the text of its row " + row + " lies outside");
      }
      byte[] text = new byte[length];
      data.get(start, text);
      return new String(text, UTF_8);
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

  private static Rows rows(FileChannel channel, ArrowBlock block, Mapping mapping, Path file)
      throws IOException {
    RecordBatch batch = batch(channel, block, file);
    if (batch.compression() != null) {
      throw damaged(file, "its vectors are compressed");
    }
    long body = block.getOffset() + block.getMetadataLength();
    return new Rows(file, batch, mapping.part(body, block.getBodyLength()));
  }

  private static RecordBatch batch(FileChannel channel, ArrowBlock block, Path file) {
    try {
      return ArrowMessages.recordBatch(channel, block);
    } catch (IOException e) {
      throw damaged(file, String.valueOf(e.getMessage()));
    }
  }

  private static VectorBlock vectors(Rows rows, StoreInfo info, Path file) {
    int dimension = info.encoder().dimension();
    long bytes = (long) rows.count() * dimension * VectorBlock.bytes(info.precision());
    ByteBuffer vectors = rows.buffer(StoreSchema.VECTOR_BUFFER);
    if (vectors.capacity() < bytes) {
      throw damaged(file, "its vectors are cut short");
    }
    return new VectorBlock(vectors, info.precision(), dimension);
  }

  static MsrException damaged(Path file, String why) {
    return new MsrException(
        ErrorType.DATA,
        "knowledge/DAMAGED",
        "a file of the knowledge store cannot be used: %s. %s. Run 'llm4msr knowledge extract --rebuild'."
            .formatted(why, file));
  }
}
