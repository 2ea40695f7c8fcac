package org.llm4msr.runtime.data.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.impl.UnionListWriter;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryEncoder;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.ipc.ArrowWriter;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.toolkit.arrow.ArrowRows;

class ArrowRowsTest {

  private static final int ROWS = 777;

  @TempDir Path folder;

  private Path write(boolean asFile) throws IOException {
    Path path = folder.resolve("rows.arrow");
    try (BufferAllocator allocator = new RootAllocator();
        ListVector lists = ListVector.empty("lists", allocator);
        BitVector bits = new BitVector("bits", allocator);
        OutputStream out = Files.newOutputStream(path)) {
      UnionListWriter writer = lists.getWriter();
      bits.allocateNew(ROWS);
      for (int row = 0; row < ROWS; row++) {
        writer.startList();
        writer.bigInt().writeBigInt(-row);
        writer.endList();
        bits.set(row, row % 2);
      }
      lists.setValueCount(ROWS);
      bits.setValueCount(ROWS);
      try (VectorSchemaRoot root = VectorSchemaRoot.of(lists, bits);
          ArrowWriter rows =
              asFile
                  ? new ArrowFileWriter(root, null, Channels.newChannel(out))
                  : new ArrowStreamWriter(root, null, out)) {
        root.setRowCount(ROWS);
        rows.writeBatch();
        rows.end();
      }
    }
    return path;
  }

  private static int rows(Path path) throws IOException {
    try (BufferAllocator allocator = new RootAllocator(1 << 20);
        ArrowReader reader = ArrowRows.open(path, allocator)) {
      return reader.loadNextBatch() ? reader.getVectorSchemaRoot().getRowCount() : 0;
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void statedLengthsBeyondTheBodyAreRefusedBeforeMemoryIsTakenForThem(boolean asFile)
      throws IOException {
    Path path = write(asFile);
    assertThat(rows(path)).isEqualTo(ROWS);
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    int replaced = 0;
    for (int at = 0; at + Long.BYTES <= bytes.capacity(); at += Long.BYTES) {
      if (bytes.getLong(at) == ROWS) {
        bytes.putLong(at, Integer.MAX_VALUE - 1L);
        replaced++;
      }
    }
    assertThat(replaced)
        .as("lengths of the batch, the lists, their values and the bits")
        .isEqualTo(4);
    Files.write(path, bytes.array());
    assertThatThrownBy(() -> rows(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("says that it has 2147483646 values; at most");
  }

  /** As a list's offset, 777 stands behind 776; the row counts stand alone. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void offsetsBeyondTheValuesAreRefusedBeforeMemoryIsTakenForThem(boolean asFile)
      throws IOException {
    Path path = write(asFile);
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    int replaced = 0;
    for (int at = Integer.BYTES; at + Integer.BYTES <= bytes.capacity(); at += Integer.BYTES) {
      if (bytes.getInt(at) == ROWS && bytes.getInt(at - Integer.BYTES) == ROWS - 1) {
        bytes.putInt(at, 1 << 30);
        replaced++;
      }
    }
    assertThat(replaced).isEqualTo(1);
    Files.write(path, bytes.array());
    assertThatThrownBy(() -> rows(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the lists of column 'lists' need 1073741824 values, there are 777");
  }

  /** The lengths of the batch and of its two columns stand before that of the lists' values. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3})
  void aColumnOfAnotherLengthThanItsBatchIsRefused(int changed) throws IOException {
    Path path = write(true);
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    int found = 0;
    for (int at = 0; at + Long.BYTES <= bytes.capacity(); at += Long.BYTES) {
      if (bytes.getLong(at) == ROWS && found++ == changed) {
        bytes.putLong(at, ROWS - 512);
      }
    }
    Files.write(path, bytes.array());

    assertThatThrownBy(() -> rows(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(changed == 0 ? " values, its batch " + (ROWS - 512) : "265")
        .hasNoSuppressedExceptions();
  }

  /** Half of a pair, a longer form than needed, a number beyond Unicode, a character cut off. */
  @ParameterizedTest
  @ValueSource(strings = {"eda080", "c080", "f4908080", "e4b8"})
  void textsThatAreNotUnicodeAreRefused(String bytes) throws IOException {
    assertThat(rows(write("f09f8eac e4b8ade69687".replace(" ", "")))).isEqualTo(2);

    Path path = write(bytes);

    assertThatThrownBy(() -> rows(path))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll("a batch is broken: ", "UTF-8", " 1");
  }

  /** Writes a row of plain text, and one of these bytes. */
  private Path write(String bytes) throws IOException {
    Path path = folder.resolve("texts.arrow");
    try (BufferAllocator allocator = new RootAllocator();
        VarCharVector texts = new VarCharVector("text", allocator);
        OutputStream out = Files.newOutputStream(path)) {
      texts.setSafe(0, new byte[] {'a'});
      texts.setSafe(1, HexFormat.of().parseHex(bytes));
      texts.setValueCount(2);
      try (VectorSchemaRoot root = VectorSchemaRoot.of(texts);
          ArrowWriter rows = new ArrowFileWriter(root, null, Channels.newChannel(out))) {
        root.setRowCount(2);
        rows.writeBatch();
        rows.end();
      }
    }
    return path;
  }

  static List<Arguments> columnsOf17Rows() {
    return List.of(
        column(new ArrowType.Int(8, true), bits(3), data(17)),
        column(new ArrowType.Int(64, false), bits(3), data(136)),
        column(new ArrowType.FloatingPoint(FloatingPointPrecision.HALF), bits(3), data(34)),
        column(new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE), bits(3), data(136)),
        column(new ArrowType.Decimal(38, 2, 128), bits(3), new byte[272]),
        column(new ArrowType.FixedSizeBinary(5000), bits(3), data(85000)),
        column(new ArrowType.Timestamp(TimeUnit.SECOND, "UTC"), bits(3), data(136)),
        column(new ArrowType.Bool(), bits(3), bits(3)),
        column(new ArrowType.Utf8(), bits(3), offsets(4), data(17)),
        column(new ArrowType.LargeBinary(), bits(3), offsets(8), data(17)),
        nested(new ArrowType.List(), 17, bits(3), offsets(4), bits(3), data(68)),
        nested(new ArrowType.LargeList(), 17, bits(3), offsets(8), bits(3), data(68)),
        nested(new ArrowType.FixedSizeList(3), 51, bits(3), bits(7), data(204)),
        nested(new ArrowType.Struct(), 17, bits(3), bits(3), data(68)));
  }

  private static Arguments column(ArrowType type, byte[]... parts) {
    return arguments(Field.nullable("column", type), 0, parts);
  }

  private static Arguments nested(ArrowType type, int values, byte[]... parts) {
    Field value = Field.nullable("value", new ArrowType.Int(32, true));
    return arguments(new Field("column", FieldType.nullable(type), List.of(value)), values, parts);
  }

  /** Value 1 is null. */
  private static byte[] bits(int bytes) {
    byte[] bits = data(bytes);
    bits[0] = (byte) 0b11111101;
    return bits;
  }

  /** Row i has value i. */
  private static byte[] offsets(int width) {
    byte[] offsets = new byte[18 * width];
    for (byte row = 0; row < 18; row++) {
      offsets[row * width] = row;
    }
    return offsets;
  }

  private static byte[] data(int bytes) {
    byte[] data = new byte[bytes];
    Arrays.fill(data, (byte) 'a');
    return data;
  }

  /** Arrow would fill up what is missing with zeros, and read other values than were written. */
  @ParameterizedTest
  @MethodSource("columnsOf17Rows")
  void aPartOfAColumnThatIsCutShortIsRefused(Field column, int values, byte[][] parts)
      throws IOException {
    assertThat(rows(write(column, values, parts))).isEqualTo(17);

    for (int part = 0; part < parts.length; part++) {
      byte[][] cut = parts.clone();
      cut[part] = Arrays.copyOf(parts[part], parts[part].length - 1);
      Path path = write(column, values, cut);

      assertThatThrownBy(() -> rows(path))
          .as("part %d", part)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("a batch is broken: ")
          .hasNoSuppressedExceptions();
    }
  }

  static List<Arguments> columnsWithChildren() {
    return columnsOf17Rows().stream().filter(column -> !column.get()[1].equals(0)).toList();
  }

  @ParameterizedTest
  @MethodSource("columnsWithChildren")
  void childrenWithTooFewValuesAreRefused(Field column, int values, byte[][] parts)
      throws IOException {
    Path path = write(column, values - 1, parts);

    assertThatThrownBy(() -> rows(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("'column' need %d values, there are %d", values, values - 1);
  }

  /** Writes a column of 17 rows, and its child of some values. */
  private Path write(Field column, int values, byte[][] parts) throws IOException {
    Path path = folder.resolve("column.arrows");
    List<ArrowFieldNode> nodes = new ArrayList<>(List.of(new ArrowFieldNode(17, 1)));
    if (values > 0) {
      nodes.add(new ArrowFieldNode(values, 1));
    }
    List<ArrowBuf> buffers = new ArrayList<>();
    try (BufferAllocator allocator = new RootAllocator();
        WriteChannel out = new WriteChannel(Channels.newChannel(Files.newOutputStream(path)))) {
      for (byte[] part : parts) {
        ArrowBuf buffer = allocator.buffer(part.length);
        buffer.writeBytes(part);
        buffers.add(buffer);
      }
      MessageSerializer.serialize(out, new Schema(List.of(column)));
      try (ArrowRecordBatch batch = new ArrowRecordBatch(17, nodes, buffers)) {
        MessageSerializer.serialize(out, batch);
      } finally {
        buffers.forEach(ArrowBuf::close);
      }
    }
    return path;
  }

  /**
   * A text column of two words, encoded with a dictionary; as a file the dictionary stands first.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void dictionariesAreReadAndCutOnesRefused(boolean asFile) throws IOException {
    Path path = folder.resolve("words.arrow");
    DictionaryEncoding encoding = new DictionaryEncoding(7, false, null);
    try (BufferAllocator allocator = new RootAllocator();
        VarCharVector words = new VarCharVector("words", allocator);
        OutputStream out = Files.newOutputStream(path)) {
      words.setSafe(0, new byte[] {'o', 'n', 'e'});
      words.setSafe(1, new byte[] {'t', 'w', 'o'});
      words.setValueCount(2);
      DictionaryProvider dictionaries =
          new DictionaryProvider.MapDictionaryProvider(new Dictionary(words, encoding));
      try (FieldVector indices =
              (FieldVector) DictionaryEncoder.encode(words, dictionaries.lookup(7));
          VectorSchemaRoot root = VectorSchemaRoot.of(indices);
          ArrowWriter rows =
              asFile
                  ? new ArrowFileWriter(root, dictionaries, Channels.newChannel(out))
                  : new ArrowStreamWriter(root, dictionaries, out)) {
        rows.writeBatch();
        rows.end();
      }
    }
    assertThat(rows(path)).isEqualTo(2);

    // The second length of 6 bytes is that of the words; they lie behind offsets of 12.
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    int cut = 0;
    for (int at = 0; at + Long.BYTES <= bytes.capacity(); at += Long.BYTES) {
      if (bytes.getLong(at) == 3 * Integer.BYTES) {
        bytes.putLong(at, 2 * Integer.BYTES);
        cut++;
      }
    }
    assertThat(cut).as("lengths of offsets").isEqualTo(1);
    Files.write(path, bytes.array());
    assertThatThrownBy(() -> rows(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("needs 12 bytes, there are 8")
        .hasNoSuppressedExceptions();
  }

  /** 1.50 has the three digits of its type; 11.50 has four. */
  @ParameterizedTest
  @CsvSource({"150, 128, ''", "-999, 128, ''", "1150, 128, has 4 digits", "150, 256, ''"})
  void decimalsMayHaveAllDigitsOfTheirType(int unscaled, int bits, String fault)
      throws IOException {
    byte[] value = new byte[bits / Byte.SIZE];
    Arrays.fill(value, (byte) (unscaled < 0 ? -1 : 0));
    ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).putInt(unscaled);
    byte[][] parts = {bits(3), new byte[17 * value.length]};
    System.arraycopy(value, 0, parts[1], 0, value.length);
    Path path = write(Field.nullable("column", new ArrowType.Decimal(3, 2, bits)), 0, parts);

    if (fault.isEmpty()) {
      assertThat(rows(path)).isEqualTo(17);
    } else {
      assertThatThrownBy(() -> rows(path)).hasMessageContaining(fault);
    }
  }
}
