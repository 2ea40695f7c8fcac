package org.llm4msr.server;

import com.google.common.io.ByteStreams;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Calls of gRPC and Flight with whatever bytes. */
final class RawCalls {

  private static final int SECONDS = 20;

  private static final MethodDescriptor<byte[], byte[]> RANK =
      method("llm4msr.v1.Ranking/Rank", MethodDescriptor.MethodType.UNARY);

  private static final MethodDescriptor<byte[], byte[]> EXCHANGE =
      method(
          "arrow.flight.protocol.FlightService/DoExchange",
          MethodDescriptor.MethodType.BIDI_STREAMING);

  private RawCalls() {}

  private static MethodDescriptor<byte[], byte[]> method(
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

  /** Ranks a message, and returns how that ends. */
  static Status rank(Channel channel, byte[] message) {
    try {
      ClientCalls.blockingUnaryCall(channel, RANK, CallOptions.DEFAULT, message);
      return Status.OK;
    } catch (io.grpc.StatusRuntimeException e) {
      return e.getStatus();
    }
  }

  /** Begins a call of Flight, whose end is told. */
  static ClientCallStreamObserver<byte[]> exchange(Channel channel, CompletableFuture<Status> end) {
    return (ClientCallStreamObserver<byte[]>)
        ClientCalls.asyncBidiStreamingCall(
            channel.newCall(EXCHANGE, CallOptions.DEFAULT), new Ended(end));
  }

  /** Brings some messages over Flight, and returns how that ends. */
  static Status exchange(Channel channel, Iterable<byte[]> messages) throws Exception {
    CompletableFuture<Status> end = new CompletableFuture<>();
    StreamObserver<byte[]> call = exchange(channel, end);
    messages.forEach(call::onNext);
    call.onCompleted();
    return end.get(SECONDS, TimeUnit.SECONDS);
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
}
