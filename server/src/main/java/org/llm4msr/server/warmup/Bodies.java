package org.llm4msr.server.warmup;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.util.JsonFormat;
import com.linecorp.armeria.common.HttpData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flight.impl.Flight;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.data.prepared.FieldSource;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;

/** Requests as the clients of each protocol write them. */
final class Bodies {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Of a message of gRPC: whether it is compressed, and its length. */
  private static final int PREFIX = 1 + Integer.BYTES;

  private Bodies() {}

  static HttpData json(Asked asked) {
    return HttpData.ofUtf8(text(asked));
  }

  static HttpData message(Asked asked) {
    org.llm4msr.protocol.v1.RankRequest.Builder message =
        org.llm4msr.protocol.v1.RankRequest.newBuilder();
    try {
      JsonFormat.parser().merge(text(asked), message);
    } catch (InvalidProtocolBufferException e) {
      throw new UncheckedIOException(e);
    }
    return framed(message.build());
  }

  private static String text(Asked asked) {
    try {
      return JSON.writeValueAsString(
          Map.of(
              "model", asked.model(),
              "user", String.valueOf(asked.request().user()),
              "scenario", asked.request().scenario(),
              "context", asked.request().context(),
              "items", asked.request().items().stream().map(Bodies::tree).toList()));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Object> tree(RankItem item) {
    Map<String, Object> tree = new HashMap<>(Map.of("id", String.valueOf(item.id())));
    if (!item.fields().isEmpty()) {
      tree.put("fields", item.fields());
    }
    return tree;
  }

  private static HttpData framed(MessageLite... messages) {
    ByteBuffer frames =
        ByteBuffer.allocate(
            Stream.of(messages).mapToInt(each -> PREFIX + each.getSerializedSize()).sum());
    for (MessageLite message : messages) {
      frames.put((byte) 0).putInt(message.getSerializedSize()).put(message.toByteArray());
    }
    return HttpData.wrap(frames.array());
  }

  /** A batch of texts, and of nothing where a value is not one. */
  static HttpData batch(Asked asked) {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    try (BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot rows = rows(asked.request(), allocator);
        ArrowStreamWriter writer = new ArrowStreamWriter(rows, null, Channels.newChannel(stream))) {
      writer.start();
      writer.writeBatch();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ByteBuffer messages = ByteBuffer.wrap(stream.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    Flight.FlightDescriptor model =
        Flight.FlightDescriptor.newBuilder()
            .setType(Flight.FlightDescriptor.DescriptorType.PATH)
            .addAllPath(asked.model().isEmpty() ? List.of() : List.of(asked.model()))
            .build();
    return framed(next(messages).setFlightDescriptor(model).build(), next(messages).build());
  }

  /** Takes a message of a stream: a mark, the length of its head, the head, the body. */
  private static Flight.FlightData.Builder next(ByteBuffer stream) {
    stream.getInt();
    ByteBuffer head = stream.slice(stream.position() + Integer.BYTES, stream.getInt());
    stream.position(stream.position() + head.remaining());
    int length = (int) Message.getRootAsMessage(head.duplicate()).bodyLength();
    ByteBuffer body = stream.slice(stream.position(), length);
    stream.position(stream.position() + length);
    return Flight.FlightData.newBuilder()
        .setDataHeader(ByteString.copyFrom(head))
        .setDataBody(ByteString.copyFrom(body));
  }

  private static VectorSchemaRoot rows(RankRequest request, BufferAllocator allocator) {
    Set<String> columns = new LinkedHashSet<>(FieldSource.IDS);
    columns.addAll(request.context().keySet());
    request.items().forEach(item -> columns.addAll(item.fields().keySet()));
    VectorSchemaRoot rows =
        VectorSchemaRoot.create(
            new Schema(
                columns.stream()
                    .map(name -> Field.nullable(name, ArrowType.Utf8.INSTANCE))
                    .toList()),
            allocator);
    for (FieldVector column : rows.getFieldVectors()) {
      VarCharVector texts = (VarCharVector) column;
      texts.allocateNew();
      for (int row = 0; row < request.items().size(); row++) {
        Object value = value(request, request.items().get(row), column.getName());
        if (value instanceof String || value instanceof Number || value instanceof Boolean) {
          texts.setSafe(row, value.toString().getBytes(StandardCharsets.UTF_8));
        }
      }
    }
    rows.setRowCount(request.items().size());
    return rows;
  }

  private static @Nullable Object value(RankRequest request, RankItem item, String column) {
    return switch (column) {
      case RawSchema.USER -> request.user();
      case RawSchema.ITEM -> item.id();
      case RawSchema.SCENARIO -> request.scenario();
      default ->
          item.fields().containsKey(column)
              ? item.fields().get(column)
              : request.context().get(column);
    };
  }
}
