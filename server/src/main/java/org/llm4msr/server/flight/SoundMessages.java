package org.llm4msr.server.flight;

import com.google.common.io.ByteStreams;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.netty.channel.EventLoop;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.jspecify.annotations.Nullable;
import org.llm4msr.toolkit.arrow.ArrowStreamCheck;

/**
 * Looks at messages with batches before Arrow does. Arrow allocates whatever length a message
 * states, does not release that if it is damaged, and waits for ever for a descriptor or a schema
 * that does not come.
 */
final class SoundMessages implements ServerInterceptor {

  /** Numbers of fields of the message {@code FlightData}; the format of Flight has them. */
  private static final int DESCRIPTOR = 1;

  private static final int HEADER = 2;
  private static final int METADATA = 3;
  private static final int BODY = 1000;

  private final BufferAllocator allocator;

  private SoundMessages(BufferAllocator allocator) {
    this.allocator = allocator;
  }

  /**
   * Returns a service that damaged messages do not reach.
   *
   * @param allocator gives memory while messages are checked
   */
  static ServerServiceDefinition before(
      ServerServiceDefinition service, BufferAllocator allocator) {
    return ServerInterceptors.intercept(
        ServerInterceptors.useMarshalledMessages(service, new Bytes()),
        new SoundMessages(allocator));
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    Ending<Q, A> ending = new Ending<>(call);
    ServerCall.Listener<Q> listener = next.startCall(ending, headers);
    return switch (String.valueOf(call.getMethodDescriptor().getBareMethodName())) {
      case "DoExchange", "DoPut" ->
          new Checking<>(ending, listener, new ArrowStreamCheck(allocator));
      default -> listener;
    };
  }

  /** Copies messages: the memory that they come in is given back at once. */
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {

    @Override
    public InputStream stream(byte[] message) {
      return new ByteArrayInputStream(message);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return ByteStreams.toByteArray(stream);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** A call that ends once: Arrow and who looks at messages end it on threads of their own. */
  private static final class Ending<Q, A> extends SimpleForwardingServerCall<Q, A> {

    private boolean ended;

    Ending(ServerCall<Q, A> call) {
      super(call);
    }

    /** Ends the call on a loop, behind what is under way there, unless it has ended. */
    synchronized void refuse(EventLoop loop, Status status) {
      if (!ended) {
        ended = true;
        loop.execute(() -> closeNow(status));
      }
    }

    private void closeNow(Status status) {
      if (!super.isCancelled()) {
        delegate().close(status, new Metadata());
      }
    }

    /** Ends a call to which nothing can be sent any more. */
    synchronized void abandon() {
      ended = true;
    }

    @Override
    public synchronized boolean isCancelled() {
      return ended || super.isCancelled();
    }

    @Override
    public synchronized void sendHeaders(Metadata headers) {
      if (!ended) {
        super.sendHeaders(headers);
      }
    }

    @Override
    public synchronized void sendMessage(A message) {
      if (!ended) {
        super.sendMessage(message);
      }
    }

    @Override
    public synchronized void close(Status status, Metadata trailers) {
      if (!ended) {
        ended = true;
        super.close(status, trailers);
      }
    }
  }

  /**
   * Checks the messages of one call. Arrow is told that no more come, and never of a cancellation:
   * it would release batches that another thread reads.
   */
  private static final class Checking<Q> extends SimpleForwardingServerCallListener<Q> {

    private final Ending<Q, ?> call;
    private final EventLoop loop;
    private final ArrowStreamCheck check;
    private boolean hasDescriptor;
    private boolean ended;

    Checking(Ending<Q, ?> call, ServerCall.Listener<Q> listener, ArrowStreamCheck check) {
      super(listener);
      this.call = call;
      this.check = check;
      loop = ServiceRequestContext.current().eventLoop();
    }

    @Override
    public void onMessage(Q message) {
      if (ended) {
        return;
      }
      try {
        require(CodedInputStream.newInstance((byte[]) message));
        super.onMessage(message);
      } catch (OutOfMemoryException e) {
        refuse(Status.RESOURCE_EXHAUSTED.withDescription("There is no memory for a message."));
      } catch (IOException | IllegalArgumentException e) {
        refuse(unreadable(e.getMessage()));
      } catch (RuntimeException e) { // Of flatbuffers and of Arrow, with the names of its classes.
        refuse(unreadable("its bytes are damaged"));
      }
    }

    private static Status unreadable(@Nullable String reason) {
      return Status.INVALID_ARGUMENT.withDescription("A message cannot be read: " + reason + ".");
    }

    private void refuse(Status status) {
      // An error of the batches before it is under way on this loop, and comes first.
      call.refuse(loop, status);
      onHalfClose();
    }

    @Override
    public void onHalfClose() {
      if (!ended) {
        ended = true;
        super.onHalfClose();
      }
    }

    @Override
    public void onCancel() {
      call.abandon();
      onHalfClose();
    }

    private void require(CodedInputStream message) throws IOException {
      ByteBuffer header = null;
      ByteBuffer body = ByteBuffer.allocate(0);
      for (int tag = message.readTag(); tag != 0; tag = message.readTag()) {
        int field = WireFormat.getTagFieldNumber(tag);
        if (WireFormat.getTagWireType(tag) != WireFormat.WIRETYPE_LENGTH_DELIMITED) {
          throw new IOException("field %d is no bytes".formatted(field));
        }
        ByteBuffer content = message.readByteBuffer();
        switch (field) {
          case DESCRIPTOR -> hasDescriptor = true;
          case HEADER -> header = content;
          case BODY -> body = content;
          case METADATA -> {} // Whatever it is, it is not read.
          default -> throw new IOException("field %d is none of Flight".formatted(field));
        }
      }
      require(header, body);
    }

    private void require(@Nullable ByteBuffer header, ByteBuffer body) throws IOException {
      if (header == null || !header.hasRemaining()) {
        if (body.hasRemaining()) {
          throw new IOException("a body has no header");
        }
        return;
      }
      if (!hasDescriptor) {
        throw new IOException("the first message has no descriptor");
      }
      check.require(header, body);
    }
  }
}
