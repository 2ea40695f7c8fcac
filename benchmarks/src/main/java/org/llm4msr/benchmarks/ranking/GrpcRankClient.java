package org.llm4msr.benchmarks.ranking;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.MoreExecutors;
import com.google.protobuf.Value;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.stub.ClientCalls;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.llm4msr.protocol.v1.Item;
import org.llm4msr.protocol.v1.RankResponse;
import org.llm4msr.server.grpc.RankingGrpc;
import org.llm4msr.serving.ranker.RankRequest;

/** Protobuf over gRPC, on one connection. */
final class GrpcRankClient implements RankClient {

  private final ManagedChannel channel;
  private final List<org.llm4msr.protocol.v1.RankRequest> messages;

  GrpcRankClient(int port, List<RankRequest> requests) {
    channel =
        ManagedChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().directExecutor().build();
    messages = requests.stream().map(GrpcRankClient::message).toList();
  }

  private static org.llm4msr.protocol.v1.RankRequest message(RankRequest request) {
    org.llm4msr.protocol.v1.RankRequest.Builder message =
        org.llm4msr.protocol.v1.RankRequest.newBuilder()
            .setUser(String.valueOf(request.user()))
            .setScenario(request.scenario());
    request.context().forEach((column, value) -> message.putContext(column, text(value)));
    request
        .items()
        .forEach(item -> message.addItems(Item.newBuilder().setId(String.valueOf(item.id()))));
    return message.build();
  }

  private static Value text(@Nullable Object value) {
    return Value.newBuilder().setStringValue(String.valueOf(value)).build();
  }

  @Override
  public String name() {
    return "gRPC";
  }

  @Override
  public CompletableFuture<Boolean> send(int number, Duration deadline) {
    CompletableFuture<Boolean> answered = new CompletableFuture<>();
    Futures.addCallback(
        ClientCalls.futureUnaryCall(
            channel.newCall(
                RankingGrpc.RANK,
                CallOptions.DEFAULT.withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS)),
            messages.get(number)),
        new FutureCallback<RankResponse>() {
          @Override
          public void onSuccess(@Nullable RankResponse response) {
            answered.complete(true);
          }

          @Override
          public void onFailure(Throwable error) {
            answered.complete(false);
          }
        },
        MoreExecutors.directExecutor());
    return answered;
  }
}
