package org.llm4msr.server.grpc;

import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import java.io.InputStream;
import org.llm4msr.protocol.v1.RankRequest;

/** Reads requests as gRPC does, but says that bytes that are none are the fault of the client. */
final class RequestMarshaller implements MethodDescriptor.Marshaller<RankRequest> {

  private static final MethodDescriptor.Marshaller<RankRequest> PROTOBUF =
      ProtoUtils.marshaller(RankRequest.getDefaultInstance());

  @Override
  public InputStream stream(RankRequest request) {
    return PROTOBUF.stream(request);
  }

  @Override
  public RankRequest parse(InputStream bytes) {
    try {
      return PROTOBUF.parse(bytes);
    } catch (StatusRuntimeException e) {
      throw Status.INVALID_ARGUMENT
          .withDescription("The bytes are no message llm4msr.v1.RankRequest.")
          .withCause(e)
          .asRuntimeException();
    }
  }
}
