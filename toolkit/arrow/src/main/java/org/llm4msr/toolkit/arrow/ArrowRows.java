package org.llm4msr.toolkit.arrow;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
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
        ArrowMessages.requireStream(channel);
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

  /**
   * Checks every value of a batch that was loaded by another reader.
   *
   * @throws RuntimeException that names the column, if its buffers cannot be what it says
   */
  public static void requireSound(VectorSchemaRoot batch) {
    batch.getFieldVectors().forEach(ArrowValues::require);
  }

  private static void close(@Nullable ArrowReader reader, FileChannel channel) throws IOException {
    if (reader != null) {
      reader.close();
    }
    channel.close();
  }

  private static boolean isFile(FileChannel channel) throws IOException {
    byte[] begin = new byte[(int) Math.min(FILE_MAGIC.length, channel.size())];
    ArrowMessages.readFully(channel, ByteBuffer.wrap(begin), 0);
    return Arrays.equals(begin, FILE_MAGIC);
  }

  private static IOException damaged(String problem, RuntimeException cause) {
    return new IOException(problem + ": " + cause.getMessage(), cause);
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
          dictionaries.values().forEach(dictionary -> dictionary.getVector().close());
        }
        throw e;
      }
    }

    void requireBlocks(FileChannel channel) throws IOException {
      for (ArrowBlock block : getRecordBlocks()) {
        ArrowMessages.requireSound(channel, block);
      }
      for (ArrowBlock block : getDictionaryBlocks()) {
        ArrowMessages.requireSound(channel, block);
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
