package org.llm4msr.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.llm4msr.server.FakeServer.get;
import static org.llm4msr.server.FakeServer.post;

import com.sun.management.ThreadMXBean;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
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
  private static final int MANY = 10_000;
  private static final int SECONDS = 20;

  /** Sixteen times the largest message that is taken. */
  private static final long MOST_BYTES = 16L * 4_194_304;

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
    damagedBodies(0, SOME);
  }

  /** Others each time; the seed of one that is not is in the message. */
  @Test
  @Tag("slow")
  void manyDamagedBodiesAreRankedOrRefused() throws Exception {
    damagedBodies(ThreadLocalRandom.current().nextInt(), MANY);
  }

  private void damagedBodies(long first, int count) throws Exception {
    damagedJson(first, count);
    damagedProtobuf(first, count);
    damagedBatches(first, count);
  }

  private void damagedJson(long first, int count) throws Exception {
    byte[] sound =
        FakeShop.json(17, 4, ", \"id\": \"x\", \"top\": 3, \"model\": \"main\"").getBytes(UTF_8);
    Map<Integer, Integer> statuses = new TreeMap<>();
    for (long seed = first; seed < first + count; seed++) {
      byte[] body = new Mutations(seed).bytes(sound);
      HttpResponse<String> answer =
          FakeServer.CLIENT.send(
              java.net.http.HttpRequest.newBuilder(FakeServer.at(server, "/v1/rank"))
                  .header("Content-Type", "application/json")
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

  private void damagedProtobuf(long first, int count) throws Exception {
    RankRequest.Builder request =
        RankRequest.newBuilder().setUser("17").setScenario("feed").setTop(3).setModel("main");
    for (int i = 0; i < 4; i++) {
      request.addItems(Item.newBuilder().setId("i" + i));
    }
    byte[] sound = request.build().toByteArray();
    Map<Status.Code, Integer> statuses = new TreeMap<>();
    for (long seed = first; seed < first + count; seed++) {
      byte[] body = new Mutations(seed).bytes(sound);
      Status ended = RawCalls.rank(channel, body);
      Status.Code status = ended.getCode();
      assertThat(status)
          .as("%d: %s", seed, ended)
          .isIn(
              Status.Code.OK,
              Status.Code.INVALID_ARGUMENT,
              Status.Code.NOT_FOUND,
              Status.Code.RESOURCE_EXHAUSTED);
      statuses.merge(status, 1, Integer::sum);
    }
    assertThat(statuses).containsKey(Status.Code.INVALID_ARGUMENT);
    assertSound();
  }

  private void damagedBatches(long first, int count) throws Exception {
    List<List<FlightMessage>> streams = List.of(FlightMessage.texts(), FlightMessage.nested());
    Map<Status.Code, Integer> statuses = new TreeMap<>();
    for (long seed = first; seed < first + count; seed++) {
      Mutations mutations = new Mutations(seed);
      List<FlightMessage> sound = mutations.pick(streams);
      FlightMessage damaged = mutations.pick(sound);
      List<byte[]> messages = new ArrayList<>();
      for (FlightMessage message : sound) {
        messages.add(message == damaged ? message.damaged(mutations) : message.bytes());
      }
      long before = allocated();
      Status status = RawCalls.exchange(channel, messages);
      assertThat(allocated() - before).as("%d: bytes of the heap", seed).isLessThan(MOST_BYTES);
      assertThat(status.getCode())
          .as("%d: %s", seed, status)
          .isIn(
              Status.Code.OK,
              Status.Code.INVALID_ARGUMENT,
              Status.Code.NOT_FOUND,
              Status.Code.RESOURCE_EXHAUSTED);
      assertThat(String.valueOf(status.getDescription()))
          .as("%d", seed)
          .doesNotContain("java", "Exception", ": null");
      statuses.merge(status.getCode(), 1, Integer::sum);
    }
    assertThat(statuses).containsKey(Status.Code.INVALID_ARGUMENT);
    assertSound();
  }

  /** Returns the bytes that all threads have allocated. */
  private static long allocated() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    return LongStream.of(threads.getThreadAllocatedBytes(threads.getAllThreadIds())).sum();
  }

  @Test
  void clientsThatAreSlowOrSilentAreLetGoAndOthersServed() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 20; i++) {
        Socket slow = connect(sockets);
        write(
            slow,
            "POST /v1/rank HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 2000\r\n\r\n{");
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
    List<CompletableFuture<Status>> ends = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      CompletableFuture<Status> end = new CompletableFuture<>();
      StreamObserver<byte[]> call = RawCalls.exchange(channel, end);
      call.onNext(FlightMessage.texts().get(0).bytes()); // A schema, and no batch.
      ends.add(end);
    }
    CompletableFuture.anyOf(ends.toArray(CompletableFuture[]::new)).get(SECONDS, TimeUnit.SECONDS);
    assertThat(ends.stream().filter(CompletableFuture::isDone)).hasSize(1);
    Set<Status.Code> codes = new TreeSet<>();
    for (CompletableFuture<Status> end : ends) {
      codes.add(end.get(SECONDS, TimeUnit.SECONDS).getCode());
    }
    assertThat(codes).containsExactly(Status.Code.DEADLINE_EXCEEDED, Status.Code.UNAVAILABLE);
    damagedBatches(0, 10);
  }

  /** A later call on the same connection is answered when the server has seen the cancellation. */
  @Test
  void rowsOfACancelledCallStayUntilTheyAreScored() throws Exception {
    FakeModel model = FakeModel.open(folder.resolve("compiled"));
    CompletableFuture<String> user = new CompletableFuture<>();
    try (RankingServer own =
            FakeServer.start(
                (path, vectors) -> model, "models.main.bundle=" + folder.resolve("compiled"));
        Hold hold = new Hold()) {
      model.whenScored(
          rows -> {
            hold.hold();
            user.complete(String.valueOf(rows.getVector("user").getObject(1)));
          });
      ManagedChannel shared =
          ManagedChannelBuilder.forAddress("127.0.0.1", own.port()).usePlaintext().build();
      CompletableFuture<Status> end = new CompletableFuture<>();
      ClientCallStreamObserver<byte[]> call = RawCalls.exchange(shared, end);
      for (FlightMessage message : FlightMessage.texts()) {
        call.onNext(message.bytes());
      }
      hold.await();
      call.cancel("the test does", null);
      byte[] request = RankRequest.newBuilder().setUser("17").build().toByteArray();
      assertThat(RawCalls.rank(shared, request).getDescription()).contains("data/UNKNOWN_SCENARIO");
      hold.release();

      assertThat(user.get(SECONDS, TimeUnit.SECONDS)).isEqualTo("17");
      assertThat(end.get(SECONDS, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.CANCELLED);
      shared.shutdownNow();
    }
  }
}
