package org.llm4msr.runtime.data.arrow;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.arrow.flatbuf.Block;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.Endianness;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.vector.TypeLayout;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.toolkit.arrow.ArrowMessages;

/**
 * An Arrow IPC file, or several as one, whose buffers are read in place from mapped memory:
 * arrow-java's own reader copies every record batch, and cannot pick single rows otherwise.
 * Immutable and thread-safe.
 */
public final class ArrowFile {

  /** The size of the footer's entry for a record batch. */
  private static final int BLOCK_BYTES = 24;

  private static final byte[] MAGIC = "ARROW1".getBytes(StandardCharsets.US_ASCII);
  private static final long LARGEST_MAPPING = 1L << 30;

  private final Path path;
  private final Schema schema;
  private final long[] starts;
  private final Map<String, List<Node>> columns;

  /** The file of each record batch, and the number of the file's first row. */
  private final List<Path> files;

  private final long[] fileStarts;

  private ArrowFile(Path path, Schema schema, long[] starts, Map<String, List<Node>> columns) {
    this(
        path,
        schema,
        starts,
        columns,
        Collections.nCopies(starts.length - 1, path),
        new long[starts.length - 1]);
  }

  private ArrowFile(
      Path path,
      Schema schema,
      long[] starts,
      Map<String, List<Node>> columns,
      List<Path> files,
      long[] fileStarts) {
    this.path = path;
    this.schema = schema;
    this.starts = starts;
    this.columns = columns;
    this.files = files;
    this.fileStarts = fileStarts;
  }

  /**
   * One array of one record batch.
   *
   * @param length values
   * @param nulls how many of them are null
   * @param buffers little-endian, in the order of the format, validity first
   * @param children arrays of the children
   */
  record Node(int length, long nulls, List<ByteBuffer> buffers, List<Node> children) {}

  public static ArrowFile open(Path path) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return new Parser(path, channel).parse();
    } catch (MsrException e) {
      throw e;
    } catch (RuntimeException e) {
      // The generated readers of the metadata do not check lengths and offsets: damage can cause
      // any exception.
      throw DataErrors.data("BAD_ARROW_FILE", path + " has damaged metadata (" + e + ").");
    } catch (NoSuchFileException e) {
      throw DataErrors.data(
          "MISSING_FILE", path + " does not exist. Prepare the data again, or copy all of it.");
    } catch (IOException e) {
      throw DataErrors.io(path, e);
    }
  }

  /**
   * Opens files of one folder whose rows follow one another, as one file.
   *
   * @param paths at least one
   * @throws MsrException data/BAD_ARROW_FILE where two have different columns
   */
  public static ArrowFile open(List<Path> paths) {
    List<ArrowFile> parts = paths.stream().map(ArrowFile::open).toList();
    return parts.size() == 1 ? parts.get(0) : join(parts);
  }

  private static ArrowFile join(List<ArrowFile> parts) {
    ArrowFile first = parts.get(0);
    Map<String, List<Node>> columns = new HashMap<>();
    LongStream.Builder starts = LongStream.builder().add(0);
    LongStream.Builder fileStarts = LongStream.builder();
    List<Path> files = new ArrayList<>();
    long rows = 0;
    for (ArrowFile part : parts) {
      if (!part.schema.getFields().equals(first.schema.getFields())) {
        throw DataErrors.data(
            "BAD_ARROW_FILE",
            "%s has the columns %s, but %s has %s. Write all parts alike."
                .formatted(
                    part.path, part.schema.getFields(), first.path, first.schema.getFields()));
      }
      part.columns.forEach(
          (name, nodes) -> columns.computeIfAbsent(name, n -> new ArrayList<>()).addAll(nodes));
      for (int block = 0; block < part.blocks(); block++) {
        starts.add(rows + part.starts[block + 1]);
        fileStarts.add(rows);
        files.add(part.path);
      }
      rows += part.rows();
    }
    return new ArrowFile(
        first.path.resolveSibling(""),
        first.schema,
        starts.build().toArray(),
        columns,
        files,
        fileStarts.build().toArray());
  }

  /** Returns the file; of several, their folder. */
  public Path path() {
    return path;
  }

  /** Returns the file that has a row. */
  public Path path(long pick) {
    return files.get(Columns.block(pick));
  }

  /** Returns the number of a row in the file that has it. */
  public long rowInFile(long pick) {
    return row(pick) - fileStarts[Columns.block(pick)];
  }

  /** Returns the number of a row. */
  public long row(long pick) {
    return starts[Columns.block(pick)] + Columns.row(pick);
  }

  public long rows() {
    return starts[starts.length - 1];
  }

  /** Returns how many record batches hold rows. */
  public int blocks() {
    return starts.length - 1;
  }

  public int rows(int block) {
    return (int) (starts[block + 1] - starts[block]);
  }

  /** Returns the number of the first row of a record batch. */
  public long start(int block) {
    return starts[block];
  }

  /** Returns the place of a row, packed as {@code block << 32 | row in block}. */
  public long locate(long row) {
    int found = Arrays.binarySearch(starts, 0, blocks(), row);
    int block = found >= 0 ? found : -found - 2;
    return (long) block << 32 | (row - starts[block]);
  }

  public boolean has(String column) {
    return columns.containsKey(column);
  }

  Field field(String column) {
    if (!has(column)) {
      throw DataErrors.data(
          "MISSING_COLUMN",
          path + " has no column '" + column + "'; it has " + columns.keySet() + ".");
    }
    return schema.findField(column);
  }

  /** Returns the arrays of a column, one a record batch. */
  public List<Node> nodes(String column) {
    Field field = field(column);
    if (field.getDictionary() != null) {
      throw DataErrors.data(
          "DICTIONARY",
          path
              + ": column '"
              + column
              + "' is dictionary-encoded. Write it with plain values (ids, not categories).");
    }
    List<Node> nodes = columns.get(column);
    return nodes == null ? List.of() : nodes;
  }

  MsrException wrongType(String column, String expected) {
    return DataErrors.data(
        "WRONG_TYPE",
        path
            + ": column '"
            + column
            + "' has type "
            + field(column).getType()
            + "; expected "
            + expected
            + ".");
  }

  /** Reads the footer and the metadata of every record batch, and maps the bodies. */
  private static final class Parser {
    private final Path path;
    private final FileChannel channel;
    private final long size;

    Parser(Path path, FileChannel channel) throws IOException {
      this.path = path;
      this.channel = channel;
      this.size = channel.size();
    }

    ArrowFile parse() throws IOException {
      Footer footer = footer();
      if (footer.schema().endianness() != Endianness.Little) {
        throw bad("is big-endian. Write it little-endian");
      }
      Schema schema = Schema.convertSchema(footer.schema());
      Map<String, List<Node>> columns = new HashMap<>();
      for (Field field : schema.getFields()) {
        if (columns.put(field.getName(), new ArrayList<>()) != null) {
          throw bad("has two columns '" + field.getName() + "'");
        }
      }
      if (footer.recordBatchesLength() > size / BLOCK_BYTES) {
        throw bad("says that it has more batches than it has room for");
      }
      long[] starts = new long[footer.recordBatchesLength() + 1];
      int blocks = 0;
      for (int b = 0; b < footer.recordBatchesLength(); b++) {
        int rows = block(footer.recordBatches(b), schema, columns);
        if (rows > 0) {
          starts[blocks + 1] = starts[blocks] + rows;
          blocks++;
        }
      }
      return new ArrowFile(path, schema, Arrays.copyOf(starts, blocks + 1), columns);
    }

    private Footer footer() throws IOException {
      int tail = MAGIC.length + Integer.BYTES;
      if (size < 2L * tail) {
        throw bad("is too short for an Arrow IPC file");
      }
      ByteBuffer end = read(size - tail, tail);
      int length = end.getInt(0);
      byte[] magic = new byte[MAGIC.length];
      end.get(Integer.BYTES, magic);
      if (!Arrays.equals(magic, MAGIC)) {
        throw bad("is not an Arrow IPC file (an Arrow stream is not one, nor is Parquet)");
      }
      if (length <= 0 || length > size - 2L * tail) {
        throw bad("has a broken footer");
      }
      return Footer.getRootAsFooter(read(size - tail - length, length));
    }

    private int block(Block block, Schema schema, Map<String, List<Node>> columns)
        throws IOException {
      RecordBatch batch = batch(block);
      if (batch.compression() != null) {
        throw DataErrors.data(
            "COMPRESSED",
            path + " has compressed record batches. Write it without compression (LZ4, ZSTD).");
      }
      if (batch.length() < 0 || batch.length() > Integer.MAX_VALUE - 8) {
        throw bad("has a record batch of " + batch.length() + " rows. Write smaller ones");
      }
      if (batch.length() == 0) {
        return 0;
      }
      Body buffers = new Body(block.offset() + block.metaDataLength(), block.bodyLength(), batch);
      for (Field field : schema.getFields()) {
        List<Node> nodes = columns.get(field.getName());
        if (nodes != null) {
          Node node = buffers.node(field);
          if (node.length() != batch.length()) {
            throw bad(
                "has a record batch of %d rows with %d of column '%s'"
                    .formatted(batch.length(), node.length(), field.getName()));
          }
          nodes.add(node);
        }
      }
      return (int) batch.length();
    }

    private RecordBatch batch(Block block) {
      try {
        return ArrowMessages.recordBatch(
            channel, new ArrowBlock(block.offset(), block.metaDataLength(), block.bodyLength()));
      } catch (IOException e) {
        throw bad("is damaged: " + e.getMessage());
      }
    }

    private ByteBuffer read(long position, int length) throws IOException {
      ByteBuffer target = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
      while (target.hasRemaining()) {
        if (channel.read(target, position + target.position()) < 0) {
          throw bad("ends too early");
        }
      }
      return target.flip();
    }

    private MsrException bad(String problem) {
      return DataErrors.data("BAD_ARROW_FILE", path + " " + problem + ".");
    }

    /** Walks through the buffers of one record batch, depth first as the format has them. */
    private final class Body {
      private final long offset;
      private final RecordBatch batch;
      private final @Nullable ByteBuffer whole;
      private int nextNode;
      private int nextBuffer;

      Body(long offset, long length, RecordBatch batch) throws IOException {
        this.offset = offset;
        this.batch = batch;
        this.whole =
            length <= LARGEST_MAPPING ? channel.map(MapMode.READ_ONLY, offset, length) : null;
      }

      Node node(Field field) throws IOException {
        if (nextNode >= batch.nodesLength()) {
          throw bad("has a record batch with too few arrays");
        }
        FieldNode node = batch.nodes(nextNode++);
        if (node.length() < 0 || node.length() > Integer.MAX_VALUE - 8) {
          throw bad("column '" + field.getName() + "' has too long an array");
        }
        boolean indices = field.getDictionary() != null;
        int count = indices ? 2 : bufferCount(field.getType());
        List<ByteBuffer> buffers = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
          buffers.add(buffer(field));
        }
        List<Node> children = new ArrayList<>();
        if (!indices) {
          for (Field child : field.getChildren()) {
            children.add(node(child));
          }
        }
        return new Node((int) node.length(), node.nullCount(), buffers, children);
      }

      private int bufferCount(ArrowType type) {
        if (type instanceof ArrowType.Utf8View || type instanceof ArrowType.BinaryView) {
          throw bad("has a column of type " + type + ". Write plain strings");
        }
        return TypeLayout.getTypeBufferCount(type);
      }

      private ByteBuffer buffer(Field field) throws IOException {
        if (nextBuffer >= batch.buffersLength()) {
          throw bad("has a record batch with too few buffers");
        }
        Buffer buffer = batch.buffers(nextBuffer++);
        if (buffer.length() > Integer.MAX_VALUE) {
          throw bad("column '" + field.getName() + "' is over 2 GiB. Write smaller record batches");
        }
        ByteBuffer part =
            whole == null
                ? channel.map(MapMode.READ_ONLY, offset + buffer.offset(), buffer.length())
                : whole.slice((int) buffer.offset(), (int) buffer.length());
        return part.order(ByteOrder.LITTLE_ENDIAN);
      }
    }
  }
}
