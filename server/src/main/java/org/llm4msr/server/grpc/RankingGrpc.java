package org.llm4msr.server.grpc;

import com.google.common.base.Throwables;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.linecorp.armeria.common.util.Exceptions;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.protobuf.ProtoFileDescriptorSupplier;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.protocol.v1.RankRequest;
import org.llm4msr.protocol.v1.RankResponse;
import org.llm4msr.protocol.v1.RankingProto;
import org.llm4msr.server.http.AccessLog;
import org.llm4msr.server.http.Arrivals;
import org.llm4msr.server.ranking.Arrival;
import org.llm4msr.server.ranking.RankService;
import org.llm4msr.server.refusal.ErrorKind;
import org.llm4msr.server.refusal.Faults;
import org.llm4msr.server.refusal.Refusals;
import org.llm4msr.server.refusal.SentText;

/** The service {@code llm4msr.v1.Ranking}. */
public final class RankingGrpc implements BindableService {

  /** Its name. */
  public static final String NAME = "llm4msr.v1.Ranking";

  /** Its only method, also for clients. */
  public static final MethodDescriptor<RankRequest, RankResponse> RANK =
      MethodDescriptor.<RankRequest, RankResponse>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName(MethodDescriptor.generateFullMethodName(NAME, "Rank"))
          .setRequestMarshaller(ProtoUtils.marshaller(RankRequest.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(RankResponse.getDefaultInstance()))
          .build();

  private static final Metadata.Key<String> CODE =
      Metadata.Key.of(Refusals.HEADER, Metadata.ASCII_STRING_MARSHALLER);

  private final RankService service;
  private final Arrivals arrivals;
  private final int mostItems;

  /** Serves what a service ranks. */
  public RankingGrpc(RankService service, Arrivals arrivals, int mostItems) {
    this.service = service;
    this.arrivals = arrivals;
    this.mostItems = mostItems;
  }

  /**
   * Returns the status of an error that no service has answered; null if nothing is known of it.
   *
   * @param trailers get its code
   */
  public static @Nullable Status status(Throwable error, Metadata trailers) {
    if (Throwables.getCausalChain(error).stream()
        .anyMatch(InvalidProtocolBufferException.class::isInstance)) {
      return status(
          Refusals.badRequest("The bytes are no message llm4msr.v1.RankRequest."), trailers);
    }
    return Exceptions.peel(error) instanceof MsrException known ? status(known, trailers) : null;
  }

  private static Status status(MsrException error, Metadata trailers) {
    trailers.put(CODE, error.code());
    return of(error).withDescription(SentText.withCode(error));
  }

  @Override
  public ServerServiceDefinition bindService() {
    ProtoFileDescriptorSupplier schema = RankingGrpc::schema;
    return ServerServiceDefinition.builder(
            ServiceDescriptor.newBuilder(NAME).setSchemaDescriptor(schema).addMethod(RANK).build())
        .addMethod(RANK, ServerCalls.asyncUnaryCall(this::rank))
        .build();
  }

  private static FileDescriptor schema() {
    return RankingProto.getDescriptor();
  }

  private void rank(RankRequest request, StreamObserver<RankResponse> observer) {
    ServiceRequestContext context = ServiceRequestContext.current();
    Arrival arrival = arrivals.of(context, context.request().headers());
    CompletableFuture<RankResponse> unused =
        service
            .rank(
                arrival,
                () -> AccessLog.note(context, Messages.read(request, mostItems)),
                answer -> Messages.write(request, answer))
            .whenComplete((response, error) -> reply(observer, response, error));
  }

  private static void reply(
      StreamObserver<RankResponse> observer,
      @Nullable RankResponse response,
      @Nullable Throwable error) {
    if (response != null) {
      observer.onNext(response);
      observer.onCompleted();
    } else if (error != null) {
      Metadata trailers = new Metadata();
      observer.onError(
          status(Faults.known(Exceptions.peel(error)), trailers).asRuntimeException(trailers));
    }
  }

  private static Status of(MsrException error) {
    return switch (ErrorKind.of(error)) {
      case BAD_REQUEST, OTHER_FORM -> Status.INVALID_ARGUMENT;
      case NO_TOKEN -> Status.UNAUTHENTICATED;
      case NOT_ALLOWED -> Status.PERMISSION_DENIED;
      case NOT_FOUND -> Status.NOT_FOUND;
      case CONFLICT -> Status.FAILED_PRECONDITION;
      case FULL, TOO_LARGE, CLIENT_BUSY -> Status.RESOURCE_EXHAUSTED;
      case UNAVAILABLE -> Status.UNAVAILABLE;
      case CANCELLED -> Status.CANCELLED;
      case TOO_LATE -> Status.DEADLINE_EXCEEDED;
      case FAULT -> Status.INTERNAL;
    };
  }
}
