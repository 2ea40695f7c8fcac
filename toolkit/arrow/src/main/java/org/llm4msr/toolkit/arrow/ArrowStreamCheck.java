package org.llm4msr.toolkit.arrow;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flatbuf.DictionaryBatch;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.MetadataVersion;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.compression.NoCompressionCodec;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.DictionaryUtility;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;

/**
 * Checks the messages of a stream that comes over a network, before a reader of Arrow gets them:
 * such a reader allocates what a message states, and does not release that if it is damaged. A
 * batch that passes takes at most {@value ArrowBatches#MOST_TIMES} times the bytes of its body, and
 * a few for each column, beside it. Used by one thread.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class ArrowStreamCheck {

  /** Columns of a few rows have no body to speak of. */
  private static final int BYTES_OF_COLUMN = 64;

  private final BufferAllocator allocator;
  private final Map<Long, Field> dictionaries = new HashMap<>();
  private @Nullable List<Field> columns;

  /**
   * Begins a stream.
   *
   * @param allocator gives memory for a copy of each body while it is checked
   */
  public ArrowStreamCheck(BufferAllocator allocator) {
    this.allocator = allocator;
  }

  /**
   * Checks the next message.
   *
   * @param metadata without mark and length
   * @throws IOException if it is not the first schema, or a batch that its schema describes
   * @throws RuntimeException if the metadata is damaged
   */
  public void require(ByteBuffer metadata, ByteBuffer body) throws IOException {
    Message message = Message.getRootAsMessage(metadata.slice().order(ByteOrder.LITTLE_ENDIAN));
    if (message.version() != MetadataVersion.V4 && message.version() != MetadataVersion.V5) {
      throw new IOException(
          "it is written in version %d of the format".formatted(message.version()));
    }
    ArrowMessages.requireInside(0, message.bodyLength(), body.remaining());
    if (message.headerType() == MessageHeader.Schema) {
      if (body.hasRemaining()) {
        throw new IOException("a schema has a body");
      }
      SchemaSize.require(message, metadata.remaining());
      begin(MessageSerializer.deserializeSchema(message));
      return;
    }
    RecordBatch batch = ArrowMessages.batch(message);
    if (batch == null) {
      throw new IOException("a message is neither a schema nor a batch");
    }
    requireWhole(described(message), batch, body);
  }

  private void begin(Schema schema) throws IOException {
    if (columns != null) {
      throw new IOException("it is a second schema");
    }
    Map<Long, Dictionary> made = new HashMap<>();
    List<Field> fields = new ArrayList<>();
    try {
      for (Field field : schema.getFields()) {
        fields.add(DictionaryUtility.toMemoryFormat(field, allocator, made));
      }
      made.forEach((id, dictionary) -> dictionaries.put(id, dictionary.getVector().getField()));
    } finally {
      made.values().forEach(dictionary -> dictionary.getVector().close());
    }
    columns = fields;
  }

  private List<Field> described(Message message) throws IOException {
    if (columns == null) {
      throw new IOException("no schema came before it");
    }
    if (message.headerType() == MessageHeader.RecordBatch) {
      return columns;
    }
    DictionaryBatch header = (DictionaryBatch) message.header(new DictionaryBatch());
    Field dictionary = header == null ? null : dictionaries.get(header.id());
    if (dictionary == null) {
      throw new IOException("no column has its dictionary");
    }
    return List.of(dictionary);
  }

  private void requireWhole(List<Field> fields, RecordBatch metadata, ByteBuffer body)
      throws IOException {
    long stated = 0;
    for (int buffer = 0; buffer < metadata.buffersLength(); buffer++) {
      stated += metadata.buffers(buffer).length();
    }
    if (stated > body.remaining()) {
      throw new IOException(
          "its buffers have %d bytes, its body %d".formatted(stated, body.remaining()));
    }
    ArrowBuf copy = allocator.buffer(body.remaining());
    copy.setBytes(0, body.slice());
    copy.writerIndex(body.remaining());
    try (ArrowRecordBatch batch = MessageSerializer.deserializeRecordBatch(metadata, copy)) {
      if (batch.getBodyCompression().getCodec() != NoCompressionCodec.COMPRESSION_TYPE) {
        throw new IOException("its batches are compressed; send them without");
      }
      ArrowBatches.requireWhole(fields, batch);
      long needed = ArrowBatches.allocated(batch);
      long most =
          (long) ArrowBatches.MOST_TIMES * body.remaining()
              + (long) BYTES_OF_COLUMN * batch.getNodes().size();
      if (needed > most) {
        throw new IOException(
            "its columns need %d bytes beside a body of %d".formatted(needed, body.remaining()));
      }
    } finally {
      if (copy.refCnt() > 0) { // The batch was not made.
        copy.getReferenceManager().release(copy.refCnt());
      }
    }
  }
}
