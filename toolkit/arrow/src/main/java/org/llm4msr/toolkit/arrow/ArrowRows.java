package org.llm4msr.toolkit.arrow;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.flatbuf.DictionaryBatch;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.UInt2Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.UInt8Vector;
import org.apache.arrow.vector.ValueVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.ipc.message.ArrowDictionaryBatch;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;

/**
 * Reads the rows of a file in either Arrow IPC format without trusting the file. Arrow's own
 * readers allocate whatever length a file states and check no offset; native code that gets such a
 * batch reads beyond it, and ends the process. Here lengths are compared with the file before a
 * message is read, and every value of a batch with its buffers before the batch is returned.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class ArrowRows {

  private static final byte[] FILE_MAGIC = "ARROW1".getBytes(StandardCharsets.US_ASCII);
  private static final int STREAM_MARK = -1;

  private ArrowRows() {}

  /**
   * Opens an Arrow file or a stored stream; the caller closes the reader.
   *
   * @throws IOException if it is neither, or shorter than it states; reading throws one if a batch
   *     is damaged
   */
  public static ArrowReader open(Path file, BufferAllocator allocator) throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    ArrowReader reader = null;
    try {
      if (isFile(channel)) {
        FileReader blocks = new FileReader(channel, allocator);
        reader = blocks;
        blocks.requireBlocks(channel);
      } else {
        requireMessages(channel);
        reader = new StreamReader(channel, allocator);
      }
      if (reader.getVectorSchemaRoot().getFieldVectors().isEmpty()) {
        throw new IOException("it has no columns");
      }
      return reader;
    } catch (IOException e) {
      close(reader, channel);
      throw e;
    } catch (RuntimeException e) {
      close(reader, channel);
      throw damaged("its metadata is broken", e);
    }
  }

  private static void close(@Nullable ArrowReader reader, FileChannel channel) throws IOException {
    if (reader != null) {
      reader.close();
    }
    channel.close();
  }

  private static boolean isFile(FileChannel channel) throws IOException {
    byte[] begin = new byte[(int) Math.min(FILE_MAGIC.length, channel.size())];
    readFully(channel, ByteBuffer.wrap(begin), 0);
    return Arrays.equals(begin, FILE_MAGIC);
  }

  /** Walks over the messages of a stream without reading their bodies. */
  private static void requireMessages(FileChannel channel) throws IOException {
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
      requireInside(at, length, channel.size());
      ByteBuffer metadata = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
      readFully(channel, metadata, at);
      Message message = Message.getRootAsMessage(metadata.flip());
      at += length;
      requireInside(at, message.bodyLength(), channel.size());
      requireSound(message);
      at += message.bodyLength();
    }
  }

  /**
   * Compares a block of an Arrow file with its metadata before a reader loads it: a reader never
   * releases the buffers of a damaged block.
   *
   * @throws IOException if the two differ
   */
  public static void requireSound(FileChannel channel, ArrowBlock block) throws IOException {
    long end = block.getOffset() + block.getMetadataLength();
    requireInside(block.getOffset(), block.getMetadataLength(), channel.size());
    requireInside(end, block.getBodyLength(), channel.size());
    ByteBuffer metadata =
        ByteBuffer.allocate(block.getMetadataLength()).order(ByteOrder.LITTLE_ENDIAN);
    readFully(channel, metadata, block.getOffset());
    // Files from before Arrow 0.15 have only the length, without the mark.
    metadata.flip().position(metadata.getInt(0) == STREAM_MARK ? 8 : 4);
    Message message = Message.getRootAsMessage(metadata.slice().order(ByteOrder.LITTLE_ENDIAN));
    if (message.bodyLength() > block.getBodyLength()) {
      throw new IOException(
          "a batch of %d bytes says that it has %d"
              .formatted(block.getBodyLength(), message.bodyLength()));
    }
    if (message.headerType() != MessageHeader.RecordBatch
        && message.headerType() != MessageHeader.DictionaryBatch) {
      throw new IOException("a block does not hold a batch");
    }
    requireSound(message);
  }

  /**
   * Compares the metadata of a message with its body; after an error the reader would keep the
   * buffers.
   */
  private static void requireSound(Message message) throws IOException {
    RecordBatch batch =
        switch (message.headerType()) {
          case MessageHeader.RecordBatch -> (RecordBatch) message.header(new RecordBatch());
          case MessageHeader.DictionaryBatch ->
              ((DictionaryBatch) message.header(new DictionaryBatch())).data();
          default -> null;
        };
    if (batch == null) {
      return;
    }
    // No type has less than a bit per value; the reader allocates offsets for the stated number.
    long most =
        batch.compression() == null
            ? Math.min(Integer.MAX_VALUE, Byte.SIZE * message.bodyLength())
            : Integer.MAX_VALUE;
    requireCount(batch.length(), Integer.MAX_VALUE);
    for (int i = 0; i < batch.nodesLength(); i++) {
      requireCount(batch.nodes(i).length(), most);
      requireCount(batch.nodes(i).nullCount(), most);
    }
    for (int i = 0; i < batch.buffersLength(); i++) {
      requireInside(batch.buffers(i).offset(), batch.buffers(i).length(), message.bodyLength());
    }
  }

  private static void requireCount(long count, long most) throws IOException {
    if (count < 0 || count > most) {
      throw new IOException(
          "a batch says that it has %d values; at most %d fit in it".formatted(count, most));
    }
  }

  private static void requireInside(long at, long length, long size) throws IOException {
    if (at < 0 || length < 0 || length > size - at) {
      throw new IOException(
          "it has %d bytes, and a part of %d at byte %d".formatted(size, length, at));
    }
  }

  private static void readFully(FileChannel channel, ByteBuffer target, long at)
      throws IOException {
    while (target.hasRemaining()) {
      if (channel.read(target, at + target.position()) < 0) {
        throw new EOFException("it ends within a message");
      }
    }
  }

  private static IOException damaged(String what, RuntimeException cause) {
    return new IOException(what + ": " + cause.getMessage(), cause);
  }

  /** Checks a batch that is not loaded yet; releases its buffers if it is damaged. */
  private static void requireWhole(ArrowReader reader, ArrowRecordBatch batch) {
    try {
      ArrowBatches.requireWhole(reader.getVectorSchemaRoot().getSchema().getFields(), batch);
    } catch (IOException e) {
      batch.close();
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      batch.close();
      throw e;
    }
  }

  /** As above; if the schema does not name the dictionary, the reader refuses it. */
  private static void requireWhole(@Nullable Dictionary dictionary, ArrowDictionaryBatch batch) {
    try {
      if (dictionary != null) {
        Field values = dictionary.getVector().getField();
        ArrowBatches.requireWhole(List.of(values), batch.getDictionary());
      }
    } catch (RuntimeException e) {
      batch.close();
      throw e;
    }
  }

  /** Loads a batch and checks all its values. */
  private static boolean next(ArrowReader reader, Loading loading) throws IOException {
    try {
      if (!loading.load()) {
        return false;
      }
      VectorSchemaRoot root = reader.getVectorSchemaRoot();
      root.getFieldVectors().forEach(ArrowValues::require);
      for (Dictionary dictionary : reader.getDictionaryVectors().values()) {
        ArrowValues.require(dictionary.getVector());
      }
      root.getFieldVectors().forEach(column -> ArrowValues.requireKnown(column, reader));
      return true;
    } catch (RuntimeException e) {
      if (String.valueOf(e.getMessage()).contains("arrow-compression")) {
        throw new IOException(
            "its batches are compressed; write it without, as pyarrow does with compression='uncompressed'",
            e);
      }
      throw damaged("a batch is broken", e);
    }
  }

  /** Loads a batch in Arrow's own way. */
  @FunctionalInterface
  private interface Loading {
    boolean load() throws IOException;
  }

  private static final class FileReader extends ArrowFileReader {

    FileReader(FileChannel channel, BufferAllocator allocator) {
      super(channel, allocator);
    }

    /** Reads the dictionaries, too; closing releases them only if all were sound. */
    @Override
    public void initialize() throws IOException {
      try {
        super.initialize();
      } catch (IOException | RuntimeException e) {
        if (dictionaries != null) {
          dictionaries.values().forEach(one -> one.getVector().close());
        }
        throw e;
      }
    }

    void requireBlocks(FileChannel channel) throws IOException {
      for (ArrowBlock block : getRecordBlocks()) {
        requireSound(channel, block);
      }
      for (ArrowBlock block : getDictionaryBlocks()) {
        requireSound(channel, block);
      }
    }

    @Override
    protected void loadRecordBatch(ArrowRecordBatch batch) {
      requireWhole(this, batch);
      super.loadRecordBatch(batch);
    }

    @Override
    protected void loadDictionary(ArrowDictionaryBatch batch) {
      requireWhole(dictionaries.get(batch.getDictionaryId()), batch);
      super.loadDictionary(batch);
    }

    @Override
    public boolean loadNextBatch() throws IOException {
      return next(this, super::loadNextBatch);
    }
  }

  private static final class StreamReader extends ArrowStreamReader {

    private static final int BUFFER_BYTES = 1 << 20;

    StreamReader(FileChannel channel, BufferAllocator allocator) throws IOException {
      super(
          new BufferedInputStream(Channels.newInputStream(channel.position(0)), BUFFER_BYTES),
          allocator);
    }

    @Override
    protected void loadRecordBatch(ArrowRecordBatch batch) {
      requireWhole(this, batch);
      super.loadRecordBatch(batch);
    }

    @Override
    protected void loadDictionary(ArrowDictionaryBatch batch) {
      requireWhole(dictionaries.get(batch.getDictionaryId()), batch);
      super.loadDictionary(batch);
    }

    @Override
    public boolean loadNextBatch() throws IOException {
      return next(this, super::loadNextBatch);
    }
  }

  /**
   * Returns the value of a row; null if it is missing. It is Arrow's own object, but unsigned
   * numbers are returned as such, not as signed ones or characters.
   */
  public static @Nullable Object value(ValueVector vector, int row) {
    if (vector.isNull(row)) {
      return null;
    }
    if (vector instanceof UInt1Vector bytes) {
      return bytes.getObjectNoOverflow(row);
    }
    if (vector instanceof UInt2Vector shorts) {
      return (int) shorts.get(row);
    }
    if (vector instanceof UInt4Vector ints) {
      return ints.getObjectNoOverflow(row);
    }
    if (vector instanceof UInt8Vector longs) {
      return longs.getObjectNoOverflow(row);
    }
    return vector.getObject(row);
  }
}
