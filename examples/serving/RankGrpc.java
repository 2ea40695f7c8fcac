import com.google.protobuf.Value;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.llm4msr.protocol.v1.Item;
import org.llm4msr.protocol.v1.RankRequest;
import org.llm4msr.protocol.v1.RankResponse;

/**
 * Ranks over gRPC: {@code java -cp 'lib/*' RankGrpc.java HOST:PORT USER SCENARIO COLUMN=VALUE... ITEM...}.
 *
 * <p>The class path is that of the archive. A program of yours needs {@code llm4msr-protocol}, {@code
 * grpc-protobuf}, {@code grpc-stub} and {@code grpc-netty}. {@code TOKEN} is one of the server's
 * tokens, if it has any.
 */
public final class RankGrpc {

  private static final MethodDescriptor<RankRequest, RankResponse> RANK =
      MethodDescriptor.<RankRequest, RankResponse>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("llm4msr.v1.Ranking/Rank")
          .setRequestMarshaller(ProtoUtils.marshaller(RankRequest.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(RankResponse.getDefaultInstance()))
          .build();

  private static final long FIRST_PAUSE_MILLIS = 50;

  private RankGrpc() {}

  /**
   * Returns the answer; the deadline goes with each call.
   *
   * @throws StatusRuntimeException where there is none in time, or the request is refused for good
   */
  static RankResponse rank(ManagedChannel channel, RankRequest request, Duration time)
      throws InterruptedException {
    long deadline = System.nanoTime() + time.toNanos();
    for (long pause = FIRST_PAUSE_MILLIS; ; pause *= 2) {
      try {
        long left = Math.max(1, deadline - System.nanoTime());
        return ClientCalls.blockingUnaryCall(
            channel,
            RANK,
            CallOptions.DEFAULT.withDeadlineAfter(left, TimeUnit.NANOSECONDS),
            request);
      } catch (StatusRuntimeException e) {
        // Drawn, so that clients do not come back together.
        long millis = ThreadLocalRandom.current().nextLong(pause / 2, 2 * pause);
        boolean late = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis) - deadline >= 0;
        if (late || !isPassing(e.getStatus())) {
          throw e;
        }
        Thread.sleep(millis);
      }
    }
  }

  /** RESOURCE_EXHAUSTED is also a request that is too large, now and later. */
  private static boolean isPassing(Status status) {
    return status.getCode() == Status.Code.UNAVAILABLE
        || status.getCode() == Status.Code.RESOURCE_EXHAUSTED
            && String.valueOf(status.getDescription()).contains("serve/CLIENT_BUSY");
  }

  private static RankRequest request(String user, String scenario, List<String> rest) {
    RankRequest.Builder request = RankRequest.newBuilder().setUser(user).setScenario(scenario);
    for (String each : rest) {
      String[] parts = each.split("=", 2);
      if (parts.length == 2) {
        request.putContext(parts[0], Value.newBuilder().setStringValue(parts[1]).build());
      } else {
        request.addItems(Item.newBuilder().setId(each));
      }
    }
    return request.build();
  }

  public static void main(String[] arguments) throws Exception {
    List<String> all = List.of(arguments);
    ManagedChannelBuilder<?> builder = ManagedChannelBuilder.forTarget(all.get(0)).usePlaintext();
    String token = System.getenv("TOKEN");
    if (token != null) {
      Metadata headers = new Metadata();
      headers.put(
          Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
      builder.intercept(MetadataUtils.newAttachHeadersInterceptor(headers));
    }
    ManagedChannel channel = builder.build(); // One for all requests: it keeps its connection.
    try {
      RankResponse answer =
          rank(
              channel,
              request(all.get(1), all.get(2), all.subList(3, all.size())),
              Duration.ofSeconds(2));
      answer
          .getItemsList()
          .forEach(
              item ->
                  System.out.println(
                      item.getId() + "\t" + item.getProbability() + "\t" + item.getStatus()));
    } catch (StatusRuntimeException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    } finally {
      channel.shutdownNow();
    }
  }
}
