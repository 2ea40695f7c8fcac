package org.llm4msr.toolkit.arrow;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import org.apache.arrow.flatbuf.DictionaryBatch;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;

/**
 * Reads the metadata of Arrow IPC messages, and compares every length and offset that they state
 * with the file, before anything is allocated for their bodies. Reading throws an {@link
 * IOException} if they differ, and any exception of flatbuffers if the metadata itself is damaged.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class ArrowMessages {

  private static final int STREAM_MARK = -1;

  private ArrowMessages() {}

  /** Walks over the messages of a stream without reading their bodies. */
  static void requireStream(FileChannel channel) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    for (long at = 0; at < channel.size(); ) {
      readFully(channel, head.clear(), at);
      if (head.getInt(0) != STREAM_MARK) {
        // A reader of streams would take any first bytes for the length of a message.
        throw new IOException(
            at == 0
                ? "it is neither an Arrow IPC file nor an Arrow IPC stream"
                : "it has no message at byte " + at);
      }
      int length = head.getInt(4);
      if (length == 0) {
        return;
      }
      at += head.capacity();
      Message message = Message.getRootAsMessage(metadata(channel, at, length));
      at += length;
      requireInside(at, message.bodyLength(), channel.size());
      batch(message);
      at += message.bodyLength();
    }
  }

  /**
   * Compares a block of an Arrow file with its metadata before a reader loads it: a reader never
   * releases the buffers of a damaged block.
   *
   * @throws IOException if the two differ, or the block does not hold a batch
   */
  static void requireSound(FileChannel channel, ArrowBlock block) throws IOException {
    if (batch(message(channel, block)) == null) {
      throw new IOException("a block does not hold a batch");
    }
  }

  /**
   * Returns the metadata of a record batch. Its buffers lie within the body of the block, which
   * lies within the file.
   *
   * @throws IOException if they do not, or the block holds something else
   */
  public static RecordBatch recordBatch(FileChannel channel, ArrowBlock block) throws IOException {
    Message message = message(channel, block);
    RecordBatch batch = batch(message);
    if (batch == null || message.headerType() != MessageHeader.RecordBatch) {
      throw new IOException("a block is not a record batch");
    }
    return batch;
  }

  private static Message message(FileChannel channel, ArrowBlock block) throws IOException {
    ByteBuffer metadata = metadata(channel, block.getOffset(), block.getMetadataLength());
    requireInside(
        block.getOffset() + block.getMetadataLength(), block.getBodyLength(), channel.size());
    // Files from before Arrow 0.15 have only the length, without the mark.
    metadata.position(metadata.getInt(0) == STREAM_MARK ? 8 : 4);
    Message message = Message.getRootAsMessage(metadata.slice().order(ByteOrder.LITTLE_ENDIAN));
    if (message.bodyLength() > block.getBodyLength()) {
      throw new IOException(
          "a batch of %d bytes says that it has %d"
              .formatted(block.getBodyLength(), message.bodyLength()));
    }
    return message;
  }

  private static ByteBuffer metadata(FileChannel channel, long at, int length) throws IOException {
    requireInside(at, length, channel.size());
    ByteBuffer metadata = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    readFully(channel, metadata, at);
    return metadata.flip();
  }

  /** Returns the batch of a message, compared with its body; null if it holds none. */
  static @Nullable RecordBatch batch(Message message) throws IOException {
    RecordBatch batch =
        switch (message.headerType()) {
          case MessageHeader.RecordBatch -> (RecordBatch) message.header(new RecordBatch());
          case MessageHeader.DictionaryBatch ->
              ((DictionaryBatch) message.header(new DictionaryBatch())).data();
          default -> null;
        };
    if (batch == null) {
      return null;
    }
    // No type has less than a bit per value; the reader allocates offsets for the stated number.
    long most =
        batch.compression() == null
            ? Math.min(Integer.MAX_VALUE, Byte.SIZE * message.bodyLength())
            : Integer.MAX_VALUE;
    requireCount(batch.length(), Integer.MAX_VALUE);
    if (batch.nodesLength() > 0 && batch.nodes(0).length() != batch.length()) {
      // Readers make all columns as long as the batch says.
      throw new IOException(
          "the first column has %d values, its batch %d"
              .formatted(batch.nodes(0).length(), batch.length()));
    }
    for (int i = 0; i < batch.nodesLength(); i++) {
      requireCount(batch.nodes(i).length(), most);
      requireCount(batch.nodes(i).nullCount(), most);
    }
    for (int i = 0; i < batch.buffersLength(); i++) {
      requireInside(batch.buffers(i).offset(), batch.buffers(i).length(), message.bodyLength());
    }
    return batch;
  }

  private static void requireCount(long count, long most) throws IOException {
    if (count < 0 || count > most) {
      throw new IOException(
          "a batch says that it has %d values; at most %d fit in it".formatted(count, most));
    }
  }

  static void requireInside(long at, long length, long size) throws IOException {
    if (at < 0 || length < 0 || length > size - at) {
      throw new IOException(
          "it has %d bytes, and a part of %d at byte %d".formatted(size, length, at));
    }
  }

  static void readFully(FileChannel channel, ByteBuffer target, long at) throws IOException {
    while (target.hasRemaining()) {
      if (channel.read(target, at + target.position()) < 0) {
        throw new EOFException("it ends within a message");
      }
    }
  }
}
