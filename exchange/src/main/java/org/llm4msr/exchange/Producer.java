package org.llm4msr.exchange;

import io.grpc.Context;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.ActionType;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.NoOpFlightProducer;
import org.apache.arrow.flight.Result;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.memory.BufferAllocator;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.files.SmallFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the calls of clients, each on its own thread. */
final class Producer extends NoOpFlightProducer {

  private static final Logger LOG = LoggerFactory.getLogger(Producer.class);

  /** The longest time that a client may take for a batch before the call is ended. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final long LOOK_EVERY_NANOS = 1_000_000;

  private final Tables tables;
  private final Map<String, Path> documents;
  private final BufferAllocator allocator;

  /**
   * Makes a producer.
   *
   * @param documents small files by the name of the action that returns them
   */
  Producer(Tables tables, Map<String, Path> documents, BufferAllocator allocator) {
    this.tables = tables;
    this.documents = documents;
    this.allocator = allocator;
  }

  @Override
  public void listFlights(
      CallContext context, Criteria criteria, StreamListener<FlightInfo> listener) {
    tables.paths().forEach(path -> listener.onNext(info(FlightDescriptor.path(path))));
    listener.onCompleted();
  }

  @Override
  public FlightInfo getFlightInfo(CallContext context, FlightDescriptor descriptor) {
    return info(descriptor);
  }

  private FlightInfo info(FlightDescriptor descriptor) {
    TableRequest request = TableRequest.of(descriptor);
    Table table = tables.get(request.path());
    // No location: the client asks the same server again.
    FlightEndpoint here = new FlightEndpoint(request.ticket());
    return new FlightInfo(table.schema(request), descriptor, List.of(here), -1, table.rows());
  }

  @Override
  public void getStream(CallContext context, Ticket ticket, ServerStreamListener listener) {
    try {
      TableRequest request = TableRequest.of(ticket);
      try (Table.Rows rows = tables.get(request.path()).open(request, allocator)) {
        send(rows, listener);
      }
    } catch (FlightRuntimeException e) {
      listener.error(e);
    } catch (MsrException e) {
      listener.error(CallStatus.INTERNAL.withDescription(e.text()).toRuntimeException());
    } catch (IOException | RuntimeException e) {
      LOG.warn("A table could not be sent", e);
      listener.error(CallStatus.INTERNAL.withDescription(e.toString()).toRuntimeException());
    }
  }

  private static void send(Table.Rows rows, ServerStreamListener listener) throws IOException {
    listener.start(rows.root());
    while (rows.next()) {
      if (!awaitReady(listener)) {
        return;
      }
      listener.putNext();
    }
    listener.completed();
  }

  /**
   * Waits until the client can take a batch; returns false if it gave up. It polls, because gRPC's
   * callbacks do not come while the call's thread waits for them.
   */
  private static boolean awaitReady(ServerStreamListener listener) {
    long begin = System.nanoTime();
    while (!listener.isReady()) {
      if (listener.isCancelled() || Context.current().isCancelled()) {
        return false;
      }
      if (System.nanoTime() - begin > PATIENCE.toNanos()) {
        throw CallStatus.TIMED_OUT
            .withDescription("No batch was taken for %d s.".formatted(PATIENCE.toSeconds()))
            .toRuntimeException();
      }
      LockSupport.parkNanos(LOOK_EVERY_NANOS);
    }
    return true;
  }

  @Override
  public void listActions(CallContext context, StreamListener<ActionType> listener) {
    documents.forEach(
        (name, file) -> listener.onNext(new ActionType(name, "Returns " + file.getFileName())));
    listener.onCompleted();
  }

  @Override
  public void doAction(CallContext context, Action action, StreamListener<Result> listener) {
    Path file = documents.get(action.getType());
    if (file == null) {
      listener.onError(
          CallStatus.INVALID_ARGUMENT
              .withDescription(
                  "There is no action '%s'; there are %s."
                      .formatted(action.getType(), documents.keySet()))
              .toRuntimeException());
      return;
    }
    try {
      listener.onNext(new Result(SmallFiles.read(file)));
      listener.onCompleted();
    } catch (IOException e) {
      listener.onError(CallStatus.INTERNAL.withDescription(e.toString()).toRuntimeException());
    }
  }
}
