package org.llm4msr.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.llm4msr.server.FakeServer.get;
import static org.llm4msr.server.FakeServer.post;

import com.google.common.io.ByteStreams;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.protocol.v1.Item;
import org.llm4msr.protocol.v1.RankRequest;
import org.llm4msr.runtime.data.preparation.Mutations;

/** Clients that do what they should not. */
class ServerFaultsTest {

  private static final int SOME = 400;
  private static final int MANY = 3_000;
  private static final int SECONDS = 20;

  private RankingServer server;
  private ManagedChannel channel;

  @TempDir Path folder;

  @BeforeEach
  void begin() throws IOException {
    Path bundle = new FakeBundle(1).write(folder.resolve("compiled"));
    server =
        FakeServer.start(
            bundle, "limits.timeoutMillis=700", "limits.idleSeconds=1", "limits.flights=2");
    channel = ManagedChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
  }

  @AfterEach
  void end() throws InterruptedException {
    channel.shutdownNow();
    channel.awaitTermination(SECONDS, TimeUnit.SECONDS);
    server.close();
  }

  /** Nothing that a client sends is a fault of the server, which ranks others all the time. */
  private void assertSound() throws Exception {
    assertThat(post(server, FakeShop.json(17, 3, "")).statusCode()).isEqualTo(200);
    assertThat(get(server, "/metrics")).doesNotContain("internal/FAULT").doesNotContain("plugin/");
  }

  @Test
  void someDamagedBodiesAreRankedOrRefused() throws Exception {
    damagedJson(SOME);
    damagedProtobuf(SOME);
    damagedBatches(SOME / 2);
  }

  @Test
  @Tag("slow")
  void manyDamagedBodiesAreRankedOrRefused() throws Exception {
    damagedJson(MANY);
    damagedProtobuf(MANY);
    damagedBatches(MANY);
  }

  private void damagedJson(int count) throws Exception {
    byte[] sound =
        FakeShop.json(17, 4, ", \"id\": \"x\", \"top\": 3, \"model\": \"main\"").getBytes(UTF_8);
    Map<Integer, Integer> statuses = new TreeMap<>();
    for (int seed = 0; seed < count; seed++) {
      byte[] body = new Mutations(seed).bytes(sound);
      HttpResponse<String> answer =
          FakeServer.CLIENT.send(
              java.net.http.HttpRequest.newBuilder(FakeServer.at(server, "/v1/rank"))
                  .POST(BodyPublishers.ofByteArray(body))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(answer.statusCode()).as("%d: %s", seed, answer.body()).isIn(200, 400, 404, 413);
      assertThat(FakeServer.JSON.readTree(answer.body()).isObject()).isTrue();
      statuses.merge(answer.statusCode(), 1, Integer::sum);
    }
    assertThat(statuses).containsKeys(200, 400);
    assertSound();
  }

  private void damagedProtobuf(int count) throws Exception {
    RankRequest.Builder request =
        RankRequest.newBuilder().setUser("17").setScenario("feed").setTop(3).setModel("main");
    for (int i = 0; i < 4; i++) {
      request.addItems(Item.newBuilder().setId("i" + i));
    }
    byte[] sound = request.build().toByteArray();
    MethodDescriptor<byte[], byte[]> rank =
        bytes("llm4msr.v1.Ranking/Rank", MethodDescriptor.MethodType.UNARY);
    Map<Status.Code, Integer> statuses = new TreeMap<>();
    for (int seed = 0; seed < count; seed++) {
      byte[] body = new Mutations(seed).bytes(sound);
      Status.Code status = Status.Code.OK;
      try {
        ClientCalls.blockingUnaryCall(channel, rank, CallOptions.DEFAULT, body);
      } catch (io.grpc.StatusRuntimeException e) {
        status = e.getStatus().getCode();
        assertThat(status)
            .as("%d: %s", seed, e.getStatus())
            .isIn(
                Status.Code.INVALID_ARGUMENT,
                Status.Code.NOT_FOUND,
                Status.Code.RESOURCE_EXHAUSTED);
      }
      statuses.merge(status, 1, Integer::sum);
    }
    assertThat(statuses).containsKey(Status.Code.INVALID_ARGUMENT);
    assertSound();
  }

  private void damagedBatches(int count) throws Exception {
    List<byte[]> sound = flightMessages();
    MethodDescriptor<byte[], byte[]> exchange =
        bytes(
            "arrow.flight.protocol.FlightService/DoExchange",
            MethodDescriptor.MethodType.BIDI_STREAMING);
    Map<Status.Code, Integer> statuses = new TreeMap<>();
    for (int seed = 0; seed < count; seed++) {
      Mutations mutations = new Mutations(seed);
      int damaged = seed % sound.size();
      CompletableFuture<Status> ended = new CompletableFuture<>();
      StreamObserver<byte[]> call =
          ClientCalls.asyncBidiStreamingCall(
              channel.newCall(exchange, CallOptions.DEFAULT), new Ended(ended));
      for (int i = 0; i < sound.size(); i++) {
        call.onNext(i == damaged ? mutations.bytes(sound.get(i)) : sound.get(i));
      }
      call.onCompleted();
      Status status = ended.get(SECONDS, TimeUnit.SECONDS);
      assertThat(status.getCode())
          .as("%d: %s", seed, status)
          .isIn(
              Status.Code.OK,
              Status.Code.INVALID_ARGUMENT,
              Status.Code.NOT_FOUND,
              Status.Code.RESOURCE_EXHAUSTED);
      statuses.merge(status.getCode(), 1, Integer::sum);
    }
    assertThat(statuses).containsKey(Status.Code.INVALID_ARGUMENT);
    assertSound();
  }

  private record Ended(CompletableFuture<Status> status) implements StreamObserver<byte[]> {

    @Override
    public void onNext(byte[] answer) {
      // How the call ends is what counts.
    }

    @Override
    public void onError(Throwable error) {
      status.complete(Status.fromThrowable(error));
    }

    @Override
    public void onCompleted() {
      status.complete(Status.OK);
    }
  }

  private static MethodDescriptor<byte[], byte[]> bytes(
      String name, MethodDescriptor.MethodType type) {
    MethodDescriptor.Marshaller<byte[]> plain =
        new MethodDescriptor.Marshaller<>() {
          @Override
          public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
          }

          @Override
          public byte[] parse(InputStream stream) {
            try {
              return ByteStreams.toByteArray(stream);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        };
    return MethodDescriptor.newBuilder(plain, plain).setFullMethodName(name).setType(type).build();
  }

  /** Writes a schema and a batch as messages {@code FlightData}: their numbers are Flight's. */
  private static List<byte[]> flightMessages() throws IOException {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    List<Field> fields =
        Stream.of("user", "item", "scenario", "hour", "price", "tags")
            .map(column -> Field.nullable(column, ArrowType.Utf8.INSTANCE))
            .toList();
    try (BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot root = VectorSchemaRoot.create(new Schema(fields), allocator);
        ArrowStreamWriter writer = new ArrowStreamWriter(root, null, stream)) {
      List<String> row = List.of("17", "i1", "feed", "3", "12.5", "a");
      for (int c = 0; c < row.size(); c++) {
        VarCharVector column = (VarCharVector) root.getVector(c);
        column.setSafe(0, row.get(c).getBytes(UTF_8));
        column.setSafe(1, row.get(c).getBytes(UTF_8));
      }
      root.setRowCount(2);
      writer.writeBatch();
      writer.end();
    }
    ByteBuffer all = ByteBuffer.wrap(stream.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    List<byte[]> messages = new ArrayList<>();
    while (all.getInt() == -1) { // Each message begins with this mark and the length of its head.
      int length = all.getInt();
      if (length == 0) {
        break;
      }
      byte[] head = new byte[length];
      all.get(head);
      long body =
          org.apache.arrow.flatbuf.Message.getRootAsMessage(ByteBuffer.wrap(head)).bodyLength();
      byte[] rest = new byte[(int) body];
      all.get(rest);
      messages.add(flightData(messages.isEmpty(), head, rest));
    }
    return messages;
  }

  private static byte[] flightData(boolean first, byte[] head, byte[] body) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    if (first) {
      ByteArrayOutputStream descriptor = new ByteArrayOutputStream();
      CodedOutputStream path = CodedOutputStream.newInstance(descriptor);
      path.writeEnum(1, 1);
      path.writeString(3, "main");
      path.flush();
      out.writeBytes(1, ByteString.copyFrom(descriptor.toByteArray()));
    }
    out.writeBytes(2, ByteString.copyFrom(head));
    out.writeBytes(1000, ByteString.copyFrom(body));
    out.flush();
    return bytes.toByteArray();
  }

  @Test
  void clientsThatAreSlowOrSilentAreLetGoAndOthersServed() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 20; i++) {
        Socket slow = connect(sockets);
        write(slow, "POST /v1/rank HTTP/1.1\r\nHost: test\r\nContent-Length: 2000\r\n\r\n{");
        Socket half = connect(sockets);
        write(half, "POST /v1/rank HTTP/1.1\r\nHo");
      }
      assertThat(post(server, FakeShop.json(17, 30, "")).statusCode()).isEqualTo(200);
      for (int i = 0; i < sockets.size(); i++) {
        String answer = new String(sockets.get(i).getInputStream().readAllBytes(), UTF_8);
        assertThat(answer).as("socket %d", i).matches(i % 2 == 0 ? "(?s)HTTP/1.1 504 .*" : "");
      }
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
    assertSound();
  }

  private Socket connect(List<Socket> all) throws IOException {
    Socket socket = new Socket("127.0.0.1", server.port());
    all.add(socket);
    socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(SECONDS));
    return socket;
  }

  private static void write(Socket socket, String text) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(text.getBytes(UTF_8));
    out.flush();
  }

  @Test
  void callsOfFlightThatBringNothingEndAndDoNotHoldUpOthers() throws Exception {
    MethodDescriptor<byte[], byte[]> exchange =
        bytes(
            "arrow.flight.protocol.FlightService/DoExchange",
            MethodDescriptor.MethodType.BIDI_STREAMING);
    List<CompletableFuture<Status>> ends = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      CompletableFuture<Status> end = new CompletableFuture<>();
      StreamObserver<byte[]> call =
          ClientCalls.asyncBidiStreamingCall(
              channel.newCall(exchange, CallOptions.DEFAULT), new Ended(end));
      call.onNext(flightMessages().get(0)); // A schema, and no batch.
      ends.add(end);
    }
    CompletableFuture.anyOf(ends.toArray(CompletableFuture[]::new)).get(SECONDS, TimeUnit.SECONDS);
    assertThat(ends.stream().filter(CompletableFuture::isDone)).hasSize(1);
    Set<Status.Code> codes = new TreeSet<>();
    for (CompletableFuture<Status> end : ends) {
      codes.add(end.get(SECONDS, TimeUnit.SECONDS).getCode());
    }
    assertThat(codes).containsExactly(Status.Code.CANCELLED, Status.Code.UNAVAILABLE);
    damagedBatches(10);
  }
}
