package org.llm4msr.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.LargeVarCharVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ViewVarCharVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.complex.impl.UnionListWriter;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryEncoder;
import org.apache.arrow.vector.dictionary.DictionaryProvider.MapDictionaryProvider;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.llm4msr.runtime.data.preparation.Mutations;

/** A message {@code FlightData}, of which the first names a model, the others none. */
record FlightMessage(String model, byte[] head, byte[] body) {

  private static final List<String> COLUMNS =
      List.of("user", "item", "scenario", "hour", "price", "tags");
  private static final List<String> ROW = List.of("17", "i1", "feed", "3", "12.5", "a");
  private static final FieldType NUMBER = FieldType.nullable(new ArrowType.Int(32, true));

  /** Returns a stream of two rows of texts. */
  static List<FlightMessage> texts() throws IOException {
    try (BufferAllocator allocator = new RootAllocator()) {
      return stream(new MapDictionaryProvider(), texts(allocator));
    }
  }

  /** Returns the same rows with items of a dictionary, and columns of further types. */
  static List<FlightMessage> nested() throws IOException {
    DictionaryEncoding encoding = new DictionaryEncoding(7, false, null);
    try (BufferAllocator allocator = new RootAllocator();
        VarCharVector words = text("words", "i1", allocator)) {
      MapDictionaryProvider dictionaries =
          new MapDictionaryProvider(new Dictionary(words, encoding));
      List<FieldVector> columns = texts(allocator);
      try (FieldVector plain = columns.get(1)) {
        FieldVector indices = (FieldVector) DictionaryEncoder.encode(plain, dictionaries.lookup(7));
        columns.set(1, indices);
      }
      columns.addAll(
          List.of(
              lists(allocator),
              pairs(allocator),
              struct(allocator),
              views(allocator),
              large(allocator),
              decimals(allocator)));
      return stream(dictionaries, columns);
    }
  }

  private static List<FieldVector> texts(BufferAllocator allocator) {
    return new ArrayList<>(
        Stream.iterate(0, i -> i < ROW.size(), i -> i + 1)
            .map(i -> text(COLUMNS.get(i), ROW.get(i), allocator))
            .toList());
  }

  private static VarCharVector text(String name, String value, BufferAllocator allocator) {
    VarCharVector column = new VarCharVector(name, allocator);
    column.setSafe(0, value.getBytes(UTF_8));
    column.setSafe(1, value.getBytes(UTF_8));
    column.setValueCount(2);
    return column;
  }

  private static FieldVector lists(BufferAllocator allocator) {
    ListVector lists = ListVector.empty("lists", allocator);
    UnionListWriter writer = lists.getWriter();
    for (int row = 0; row < 2; row++) {
      writer.startList();
      writer.writeVarChar("a");
      writer.writeVarChar("bc");
      writer.endList();
    }
    lists.setValueCount(2);
    return lists;
  }

  private static FieldVector pairs(BufferAllocator allocator) {
    FixedSizeListVector pairs = FixedSizeListVector.empty("pairs", 2, allocator);
    IntVector numbers = (IntVector) pairs.addOrGetVector(NUMBER).getVector();
    for (int i = 0; i < 4; i++) {
      numbers.setSafe(i, i);
    }
    pairs.setNotNull(0);
    pairs.setValueCount(2);
    return pairs;
  }

  private static FieldVector struct(BufferAllocator allocator) {
    StructVector struct = StructVector.empty("struct", allocator);
    struct.addOrGet("number", NUMBER, IntVector.class).setSafe(1, 5);
    struct.setIndexDefined(1);
    struct.setValueCount(2);
    return struct;
  }

  private static FieldVector views(BufferAllocator allocator) {
    ViewVarCharVector views = new ViewVarCharVector("views", allocator);
    views.setSafe(0, "short".getBytes(UTF_8));
    views.setSafe(1, "longer than twelve bytes".getBytes(UTF_8));
    views.setValueCount(2);
    return views;
  }

  private static FieldVector large(BufferAllocator allocator) {
    LargeVarCharVector large = new LargeVarCharVector("large", allocator);
    large.setSafe(0, "one".getBytes(UTF_8));
    large.setSafe(1, "two".getBytes(UTF_8));
    large.setValueCount(2);
    return large;
  }

  private static FieldVector decimals(BufferAllocator allocator) {
    DecimalVector decimals = new DecimalVector("decimals", allocator, 5, 2);
    decimals.setSafe(0, new BigDecimal("123.45"));
    decimals.setValueCount(2);
    return decimals;
  }

  private static List<FlightMessage> stream(
      MapDictionaryProvider dictionaries, List<FieldVector> columns) throws IOException {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    try (VectorSchemaRoot root = new VectorSchemaRoot(columns);
        ArrowStreamWriter writer = new ArrowStreamWriter(root, dictionaries, stream)) {
      root.setRowCount(2);
      writer.writeBatch();
      writer.end();
    }
    ByteBuffer all = ByteBuffer.wrap(stream.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    List<FlightMessage> messages = new ArrayList<>();
    while (all.getInt() == -1) { // Each message begins with this mark and the length of its head.
      int length = all.getInt();
      if (length == 0) {
        break;
      }
      byte[] head = new byte[length];
      all.get(head);
      byte[] body = new byte[(int) Message.getRootAsMessage(ByteBuffer.wrap(head)).bodyLength()];
      all.get(body);
      messages.add(new FlightMessage(messages.isEmpty() ? "main" : "", head, body));
    }
    return messages;
  }

  /** Returns this message for another model. */
  FlightMessage with(String other) {
    return new FlightMessage(other, head, body);
  }

  /** Returns what is sent; the numbers of its parts are Flight's. */
  byte[] bytes() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    if (!model.isEmpty()) {
      ByteArrayOutputStream descriptor = new ByteArrayOutputStream();
      CodedOutputStream path = CodedOutputStream.newInstance(descriptor);
      path.writeEnum(1, 1);
      path.writeString(3, model);
      path.flush();
      out.writeBytes(1, ByteString.copyFrom(descriptor.toByteArray()));
    }
    out.writeBytes(2, ByteString.copyFrom(head));
    out.writeBytes(1000, ByteString.copyFrom(body));
    out.flush();
    return bytes.toByteArray();
  }

  /** Returns what is sent with damage to numbers of its head or body, or to any bytes. */
  byte[] damaged(Mutations mutations) throws IOException {
    if (mutations.oneIn(3)) {
      return mutations.bytes(bytes());
    }
    return body.length == 0 || mutations.oneIn(2)
        ? new FlightMessage(model, mutations.numbers(head), body).bytes()
        : new FlightMessage(model, head, mutations.numbers(body)).bytes();
  }
}
