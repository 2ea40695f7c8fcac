package org.llm4msr.runtime.data.arrow;

import static java.util.Collections.nCopies;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.flatbuffers.FlatBufferBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.MetadataVersion;
import org.apache.arrow.flatbuf.Struct_;
import org.apache.arrow.flatbuf.Type;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.compression.NoCompressionCodec;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.UnionMode;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.toolkit.arrow.ArrowStreamCheck;

class ArrowStreamCheckTest {

  private static final ByteBuffer NO_BODY = ByteBuffer.allocate(0);

  private final BufferAllocator allocator = new RootAllocator();
  private final ArrowStreamCheck check = new ArrowStreamCheck(allocator);

  @AfterEach
  void nothingIsKept() {
    allocator.close(); // Throws if something is.
  }

  private void begin(Field... columns) throws IOException {
    Schema schema = new Schema(List.of(columns));
    check.require(MessageSerializer.serializeMetadata(schema, IpcOption.DEFAULT), NO_BODY);
  }

  /**
   * Returns the metadata of a batch whose buffers have these lengths and lie one behind another.
   */
  private ByteBuffer batch(int rows, List<ArrowFieldNode> nodes, int[] lengths, int... views) {
    List<ArrowBuf> buffers = new ArrayList<>();
    for (int length : lengths) {
      buffers.add(allocator.buffer(length).writerIndex(length));
    }
    List<Long> further = new ArrayList<>();
    for (int count : views) {
      further.add((long) count);
    }
    try (ArrowRecordBatch batch =
        new ArrowRecordBatch(
            rows, nodes, buffers, NoCompressionCodec.DEFAULT_BODY_COMPRESSION, further, false)) {
      return MessageSerializer.serializeMetadata(batch, IpcOption.DEFAULT);
    } finally {
      buffers.forEach(ArrowBuf::close);
    }
  }

  private static ByteBuffer body(int... words) {
    ByteBuffer body = ByteBuffer.allocate(words.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (int word : words) {
      body.putInt(word);
    }
    return body.flip();
  }

  private void requireRefused(ByteBuffer metadata, ByteBuffer body, String fault) {
    assertThatThrownBy(() -> check.require(metadata, body)).hasMessageContaining(fault);
    assertThat(allocator.getPeakMemoryAllocation())
        .as("bytes for the copy of the body")
        .isLessThanOrEqualTo(Math.max(64, 2L * body.remaining()));
  }

  private void requireResult(ByteBuffer metadata, ByteBuffer body, @Nullable String fault)
      throws IOException {
    if (fault == null) {
      check.require(metadata, body);
    } else {
      requireRefused(metadata, body, fault);
    }
  }

  /** A reader would make all columns as long as the batch says, and keep what it allocated. */
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "2, 2, 8, -",
        "15000000, 2, 8, 'the first column has 2 values, its batch 15000000'",
        "2, 2, 4, column 'n'",
      })
  void aBatchThatIsNotWhatItsSchemaSaysIsRefused(
      int rows, int values, int bytes, @Nullable String fault) throws IOException {
    ByteBuffer batch = batch(rows, List.of(new ArrowFieldNode(values, 0)), new int[] {8, bytes});
    assertThatThrownBy(() -> check.require(batch, body(0, 0, 0, 0)))
        .hasMessage(values == rows ? "no schema came before it" : fault);
    begin(Field.nullable("n", new ArrowType.Int(32, true)));
    requireResult(batch, body(0, 0, 0, 0), fault);
    assertThatThrownBy(this::begin).hasMessage("it is a second schema");
  }

  /** Text i lies between the offsets i and i + 1: from -1,000,000,000 to 4 it would take 1 GB. */
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "0, 2, 4, -",
        "1, 2, 4, -",
        "-1000000000, 2, 4, 'column ''t'' has the offset -1000000000 after 0'",
        "0, 3, 2, 'column ''t'' has the offset 2 after 3'",
        "0, 2, 1000000000, 'column ''t'' needs 1000000000 bytes, there are 8'",
      })
  void offsetsThatGoBackOrBeyondTheTextsAreRefused(
      int first, int second, int third, @Nullable String fault) throws IOException {
    begin(Field.nullable("t", new ArrowType.Utf8()));
    ByteBuffer batch = batch(2, List.of(new ArrowFieldNode(2, 0)), new int[] {8, 16, 8});
    requireResult(batch, body(0, 0, first, second, third, 0, 0, 0), fault);
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "0, 3, 4, -",
        "-4, 3, 4, 'column ''l'' has the offset -4 after 0'",
        "0, 3, 5, 'the lists of column ''l'' need 5 values, there are 4'",
      })
  void offsetsOfListsAsWell(int first, int second, int third, @Nullable String fault)
      throws IOException {
    Field value = Field.nullable("value", new ArrowType.Int(32, true));
    begin(new Field("l", FieldType.nullable(new ArrowType.List()), List.of(value)));
    ByteBuffer batch =
        batch(
            2,
            List.of(new ArrowFieldNode(2, 0), new ArrowFieldNode(4, 0)),
            new int[] {8, 16, 8, 16});
    ByteBuffer body = body(0, 0, first, second, third, 0, 0, 0, 1, 2, 3, 4);
    requireResult(batch, body, fault);
  }

  /** A text of at most 12 bytes lies in its view, another in the buffer that the view names. */
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "12, 7, 7, -",
        "16, 0, 0, -",
        "13, 0, 3, -",
        "13, 0, 4, 'has a text of 13 bytes at byte 4 of buffer 0'",
        "13, 0, -1, 'has a text of 13 bytes at byte -1 of buffer 0'",
        "13, 1, 0, 'has a text of 13 bytes at byte 0 of buffer 1'",
        "13, -1, 0, 'has a text of 13 bytes at byte 0 of buffer -1'",
        "-1, 0, 0, 'has a text of -1 bytes'",
        "2147483647, 0, 0, 'has a text of 2147483647 bytes'",
      })
  void viewsOfTextsThatAreNotThereAreRefused(
      int length, int buffer, int begin, @Nullable String fault) throws IOException {
    begin(Field.nullable("v", new ArrowType.Utf8View()));
    ByteBuffer batch = batch(1, List.of(new ArrowFieldNode(1, 0)), new int[] {8, 16, 16}, 1);
    requireResult(batch, body(0, 0, length, 0, buffer, begin, 0, 0, 0, 0), fault);
  }

  /** 1,024 views of one text of 4,096 bytes: 4 MB of 20 kB. Ten texts of 4,096 fit four times. */
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {"16, -", "1024, the texts of column 'v' have 4194304 bytes"})
  void oneTextOfManyRowsIsRefused(int rows, @Nullable String fault) throws IOException {
    begin(Field.nullable("v", new ArrowType.Utf8View()));
    ByteBuffer batch =
        batch(
            rows,
            List.of(new ArrowFieldNode(rows, 0)),
            new int[] {0, rows * 16, rows == 16 ? 16384 : 4096},
            1);
    int[] words = new int[rows * 4 + 4096];
    for (int row = 0; row < rows; row++) {
      words[row * 4] = 4096;
    }
    requireResult(batch, body(words), fault);
  }

  /** Two columns of 1,024 bytes each that both lie in the same 1,024. */
  @Test
  void buffersThatLieInTheSameBytesAreRefused() throws IOException {
    ArrowType wide = new ArrowType.FixedSizeBinary(1024);
    begin(Field.nullable("a", wide), Field.nullable("b", wide));
    ByteBuffer batch =
        batch(
            1,
            List.of(new ArrowFieldNode(1, 0), new ArrowFieldNode(1, 0)),
            new int[] {0, 1024, 0, 1024});
    int second = last(batch, 1024);
    batch.order(ByteOrder.LITTLE_ENDIAN).putLong(second - 8, 0).putLong(last(batch, 2048), 1024);
    requireRefused(batch, body(new int[512]).limit(1024), "its buffers have 2048 bytes");
  }

  /** Returns where the last word of eight bytes with this value begins. */
  private static int last(ByteBuffer bytes, long value) {
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    for (int at = bytes.limit() - 8; at >= 0; at--) {
      if (bytes.getLong(at) == value) {
        return at;
      }
    }
    throw new AssertionError("no " + value);
  }

  /** Columns without values need no bytes of the body, and Arrow makes a bit of each row. */
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {"3, -", "100, its columns need 103424 bytes beside a body of 1024"})
  void bitsThatArrowMakesAreCounted(int columns, @Nullable String fault) throws IOException {
    List<Field> fields = new ArrayList<>(List.of(Field.nullable("bits", new ArrowType.Bool())));
    fields.addAll(
        nCopies(columns, new Field("s", FieldType.nullable(new ArrowType.Struct()), List.of())));
    begin(fields.toArray(Field[]::new));
    int[] lengths = new int[columns + 2];
    lengths[1] = 1024;
    ByteBuffer batch = batch(8192, nCopies(columns + 1, new ArrowFieldNode(8192, 0)), lengths);
    requireResult(batch, body(new int[256]), fault);
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {"16, -", "17, some 17 levels deep", "5000, 17 levels deep"})
  void schemasMayBeSixteenLevelsDeep(int levels, @Nullable String fault) throws IOException {
    FlatBufferBuilder builder = new FlatBufferBuilder();
    int name = builder.createString("s");
    int field = 0;
    for (int level = 0; level < levels; level++) {
      field = struct(builder, name, level == 0 ? new int[0] : new int[] {field});
    }
    requireResult(schema(builder, field), NO_BODY, fault);
  }

  /** Three levels of 100 times the same child are a million fields of a few hundred bytes. */
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {"1, -", "3, more than 10"})
  void childrenThatAreTheSameBytesAreCounted(int levels, @Nullable String fault)
      throws IOException {
    FlatBufferBuilder builder = new FlatBufferBuilder();
    int name = builder.createString("");
    int field = struct(builder, name);
    for (int level = 0; level < levels; level++) {
      field = struct(builder, name, nCopies(100, field).stream().mapToInt(i -> i).toArray());
    }
    requireResult(schema(builder, field), NO_BODY, fault);
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {"1, -", "100, the names of its schema overlap"})
  void namesThatAreTheSameBytesAreCounted(int columns, @Nullable String fault) throws IOException {
    FlatBufferBuilder builder = new FlatBufferBuilder();
    int name = builder.createString("n".repeat(100_000));
    int[] fields = new int[columns];
    for (int column = 0; column < columns; column++) {
      fields[column] = struct(builder, name);
    }
    requireResult(schema(builder, fields), NO_BODY, fault);
  }

  private static int struct(FlatBufferBuilder builder, int name, int... children) {
    int vector = org.apache.arrow.flatbuf.Field.createChildrenVector(builder, children);
    Struct_.startStruct_(builder);
    int type = Struct_.endStruct_(builder);
    org.apache.arrow.flatbuf.Field.startField(builder);
    org.apache.arrow.flatbuf.Field.addName(builder, name);
    org.apache.arrow.flatbuf.Field.addNullable(builder, true);
    org.apache.arrow.flatbuf.Field.addTypeType(builder, Type.Struct_);
    org.apache.arrow.flatbuf.Field.addType(builder, type);
    org.apache.arrow.flatbuf.Field.addChildren(builder, vector);
    return org.apache.arrow.flatbuf.Field.endField(builder);
  }

  private static ByteBuffer schema(FlatBufferBuilder builder, int... fields) {
    int vector = org.apache.arrow.flatbuf.Schema.createFieldsVector(builder, fields);
    org.apache.arrow.flatbuf.Schema.startSchema(builder);
    org.apache.arrow.flatbuf.Schema.addFields(builder, vector);
    int schema = org.apache.arrow.flatbuf.Schema.endSchema(builder);
    Message.startMessage(builder);
    Message.addVersion(builder, MetadataVersion.V5);
    Message.addHeaderType(builder, MessageHeader.Schema);
    Message.addHeader(builder, schema);
    builder.finish(Message.endMessage(builder));
    return builder.dataBuffer();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Union", "RunEndEncoded", "ListView"})
  void typesWhoseValuesAreNotCheckedAreRefused(String type) {
    ArrowType refused =
        switch (type) {
          case "Union" -> new ArrowType.Union(UnionMode.Dense, new int[0]);
          case "RunEndEncoded" -> new ArrowType.RunEndEncoded();
          default -> new ArrowType.ListView();
        };
    Field column = new Field("u", FieldType.nullable(refused), List.of());
    assertThatThrownBy(() -> begin(column)).hasMessageContaining("column 'u' is a " + type);
  }
}
