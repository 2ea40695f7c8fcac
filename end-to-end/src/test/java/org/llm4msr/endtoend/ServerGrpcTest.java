package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.llm4msr.endtoend.ServedShop.same;
import static org.llm4msr.endtoend.ServedShop.startForAll;

import com.google.protobuf.Value;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.llm4msr.protocol.v1.Item;
import org.llm4msr.protocol.v1.RankRequest;
import org.llm4msr.protocol.v1.RankResponse;
import org.llm4msr.server.RankingServer;
import org.llm4msr.server.grpc.RankingGrpc;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;

/** A server asked over gRPC, beside the ranker in this process. */
class ServerGrpcTest {

  private static Ranker ranker;
  private static RankingServer server;

  @BeforeAll
  static void begin() {
    ranker = Ranker.open(ServedShop.compiled());
    server = startForAll("limits.items=40");
  }

  @AfterAll
  static void end() {
    server.close();
    ranker.close();
  }

  @Test
  void grpcHasTheProbabilitiesOfTheRanker() {
    RankResult expected = ranker.rank(same(17, 30));
    RankRequest.Builder request =
        RankRequest.newBuilder()
            .setUser("17")
            .setScenario("feed")
            .putContext("hour", Value.newBuilder().setNumberValue(3).build())
            .putContext("price", Value.newBuilder().setNumberValue(12.5).build())
            .putContext("tags", Value.newBuilder().setStringValue("a").build());
    for (int i = 0; i < 30; i++) {
      request.addItems(Item.newBuilder().setId("i" + i));
    }
    ManagedChannel channel =
        ManagedChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    try {
      RankResponse answer = call(channel, request.build());
      assertThat(answer.getItemsCount()).isEqualTo(30);
      answer
          .getItemsList()
          .forEach(
              item ->
                  assertThat(item.getProbability())
                      .isEqualTo(expected.probability(item.getPlace())));
      assertThat(answer.getItemsList().stream().map(item -> item.getPlace()))
          .containsExactlyElementsOf(Arrays.stream(expected.best(30)).boxed().toList());
      assertStatus(
          () -> call(channel, request.clone().setScenario("nix").build()),
          Status.Code.NOT_FOUND,
          "data/UNKNOWN_SCENARIO");
      assertStatus(
          () -> call(channel, request.clone().setModel("nix").build()),
          Status.Code.NOT_FOUND,
          "There is no model 'nix'. Ask for one of [main]");
      assertStatus(
          () -> call(channel, request.clone().addAllItems(request.getItemsList()).build()),
          Status.Code.RESOURCE_EXHAUSTED,
          "serve/TOO_LARGE");
    } finally {
      channel.shutdownNow();
    }
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
