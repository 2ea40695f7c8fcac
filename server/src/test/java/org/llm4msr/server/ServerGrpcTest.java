package org.llm4msr.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Value;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.protocol.v1.Item;
import org.llm4msr.protocol.v1.ItemStatus;
import org.llm4msr.protocol.v1.RankRequest;
import org.llm4msr.protocol.v1.RankResponse;
import org.llm4msr.protocol.v1.RankedItem;
import org.llm4msr.server.grpc.RankingGrpc;
import org.llm4msr.serving.ranker.RankResult;

/** A server asked over gRPC, beside its model in this process. */
class ServerGrpcTest {

  private static final int ITEMS = 30;

  @TempDir static Path folder;
  private static FakeModel model;
  private static RankingServer server;
  private static ManagedChannel channel;

  @BeforeAll
  static void begin() throws Exception {
    FakeBundle labels = new FakeBundle(1, FakeShop.SCENARIOS, List.of("like", "buy"));
    Path bundle = labels.write(folder.resolve("compiled"));
    model = FakeModel.open(bundle);
    server = FakeServer.start(bundle, "limits.items=40");
    channel = channel(server);
  }

  @AfterAll
  static void end() {
    channel.shutdownNow();
    server.close();
  }

  static ManagedChannel channel(RankingServer to) {
    return ManagedChannelBuilder.forAddress("127.0.0.1", to.port()).usePlaintext().build();
  }

  static RankRequest.Builder request() {
    RankRequest.Builder request = message("17", 0);
    for (int i = 0; i < ITEMS; i++) {
      request.addItems(Item.newBuilder().setId("i" + i));
    }
    return request;
  }

  /** Returns the request of {@link FakeShop} with one item or none. */
  static RankRequest.Builder message(String user, int items) {
    RankRequest.Builder request =
        RankRequest.newBuilder()
            .setUser(user)
            .setScenario("feed")
            .putContext("hour", Value.newBuilder().setNumberValue(3).build())
            .putContext("price", Value.newBuilder().setNumberValue(12.5).build())
            .putContext("tags", Value.newBuilder().setStringValue("a").build());
    return items == 0 ? request : request.addItems(Item.newBuilder().setId("i1"));
  }

  @Test
  void healthIsToldByService() {
    HealthGrpc.HealthBlockingStub health = HealthGrpc.newBlockingStub(channel);
    for (String name : List.of("", "llm4msr.v1.Ranking", "arrow.flight.protocol.FlightService")) {
      assertThat(health.check(HealthCheckRequest.newBuilder().setService(name).build()).getStatus())
          .as(name)
          .isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
    }
    HealthCheckRequest unknown = HealthCheckRequest.newBuilder().setService("no.Service").build();
    assertThatThrownBy(() -> health.check(unknown))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND));
  }

  /** As grpcurl asks: what there is, and the file that describes it. */
  @Test
  void servicesAreToldByReflection() throws Exception {
    List<ServerReflectionResponse> answers = new CopyOnWriteArrayList<>();
    CompletableFuture<Void> ended = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> questions =
        ServerReflectionGrpc.newStub(channel)
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse answer) {
                    answers.add(answer);
                  }

                  @Override
                  public void onError(Throwable error) {
                    ended.completeExceptionally(error);
                  }

                  @Override
                  public void onCompleted() {
                    ended.complete(null);
                  }
                });
    questions.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    questions.onNext(
        ServerReflectionRequest.newBuilder().setFileContainingSymbol("llm4msr.v1.Ranking").build());
    questions.onCompleted();
    ended.get(20, TimeUnit.SECONDS);

    assertThat(answers.get(0).getListServicesResponse().getServiceList())
        .extracting(ServiceResponse::getName)
        .contains("llm4msr.v1.Ranking", "arrow.flight.protocol.FlightService");
    List<String> files = new ArrayList<>();
    for (ByteString file :
        answers.get(1).getFileDescriptorResponse().getFileDescriptorProtoList()) {
      files.addAll(
          FileDescriptorProto.parseFrom(file).getServiceList().stream()
              .map(service -> service.getName() + " " + service.getMethod(0).getInputType())
              .toList());
    }
    assertThat(files).containsExactly("Ranking .llm4msr.v1.RankRequest");
  }

  @Test
  void messagesHaveTheProbabilitiesOfTheModel() {
    RankResult expected = model.rank(FakeShop.request(17, ITEMS));

    RankResponse answer = call(channel, request().setId("r7").build());

    assertThat(answer.getId()).isEqualTo("r7");
    assertThat(answer.getModel()).isEqualTo("main");
    assertThat(answer.getVersion()).isEqualTo("compiled");
    assertThat(answer.getItemsList().stream().map(RankedItem::getPlace))
        .containsExactlyElementsOf(Arrays.stream(expected.best(ITEMS)).boxed().toList());
    for (RankedItem item : answer.getItemsList()) {
      assertThat(item.getProbability()).isEqualTo(expected.probability(item.getPlace()));
      assertThat(item.getStatus()).isEqualTo(ItemStatus.SCORED);
      assertThat(item.getLabelsMap())
          .containsEntry("like", expected.probability(0, item.getPlace()))
          .containsEntry("buy", expected.probability(1, item.getPlace()));
    }
  }

  @Test
  void whatIsNotTakenHasAStatus() {
    assertStatus(
        () -> call(channel, request().setScenario("nix").build()),
        Status.Code.NOT_FOUND,
        "data/UNKNOWN_SCENARIO");
    assertStatus(
        () -> call(channel, request().setModel("nix").build()),
        Status.Code.NOT_FOUND,
        "There is no model 'nix'. Ask for one of [main]");
    assertStatus(
        () -> call(channel, request().addAllItems(request().getItemsList()).build()),
        Status.Code.RESOURCE_EXHAUSTED,
        "serve/TOO_LARGE");
  }

  static RankResponse call(ManagedChannel channel, RankRequest request) {
    return ClientCalls.blockingUnaryCall(
        channel,
        RankingGrpc.RANK,
        CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS),
        request);
  }

  static void assertStatus(Runnable call, Status.Code code, String text) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            error -> assertThat(error.getStatus().getCode()).isEqualTo(code))
        .hasMessageContaining(text);
  }
}
