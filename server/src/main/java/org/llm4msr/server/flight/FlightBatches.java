package org.llm4msr.server.flight;

import io.grpc.BindableService;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.ErrorFlightMetadata;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightGrpcUtils;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.NoOpFlightProducer;
import org.apache.arrow.flight.auth.ServerAuthHandler;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.config.LimitsConfig;
import org.llm4msr.server.ranking.BatchAnswer;
import org.llm4msr.server.ranking.RankService;
import org.llm4msr.server.refusal.ErrorKind;
import org.llm4msr.server.refusal.Faults;
import org.llm4msr.server.refusal.Refusals;
import org.llm4msr.server.refusal.SentText;
import org.llm4msr.toolkit.arrow.ArrowRows;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Scores batches of rows: {@code DoExchange} with a path of one name, that of a model, or an empty
 * path. For each batch of rows, one with their probabilities is answered, in the same order. Its
 * columns, which the first batch decides, are those of the labels of the model.
 */
public final class FlightBatches implements AutoCloseable {

  /** The name of the service. */
  public static final String NAME = "arrow.flight.protocol.FlightService";

  private static final Logger LOG = LoggerFactory.getLogger(FlightBatches.class);

  private static final long SECONDS_TO_END = 10;

  /** What a call takes of Arrow's memory: a message, its copy, what is read of it and an answer. */
  private static final long TIMES_OF_BODY = 8;

  /** Schemas and answers of small bodies take more than these. */
  private static final long LEAST_BODY = 1 << 20;

  private final BufferAllocator allocator;
  private final ExecutorService threads = Executors.newCachedThreadPool(FlightBatches::thread);
  private final RankService service;
  private final Duration timeout;

  /**
   * Serves what a service scores.
   *
   * @param limits of each batch and of all calls
   */
  public FlightBatches(RankService service, LimitsConfig limits) {
    this.service = service;
    timeout = limits.timeout();
    allocator =
        new RootAllocator(TIMES_OF_BODY * Math.max(limits.body(), LEAST_BODY) * limits.flights());
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "llm4msr-flight");
    thread.setDaemon(true);
    return thread;
  }

  /** Returns the service. */
  @SuppressWarnings("deprecation") // There is no other way to say that nobody logs in.
  public BindableService service() {
    BindableService service =
        FlightGrpcUtils.createFlightService(
            allocator, new Exchange(), ServerAuthHandler.NO_OP, threads);
    return () -> SoundMessages.before(service.bindService(), allocator);
  }

  @Override
  public void close() {
    threads.shutdownNow();
    try {
      if (!threads.awaitTermination(SECONDS_TO_END, TimeUnit.SECONDS)) {
        LOG.warn("A batch that is scored has not ended; its memory is not released.");
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    allocator.close();
  }

  /** Answers calls. */
  private final class Exchange extends NoOpFlightProducer {

    @Override
    public void doExchange(CallContext context, FlightStream reader, ServerStreamListener writer) {
      try (FlightAnswers answers = new FlightAnswers(writer, allocator)) {
        while (next(context, reader)) {
          // Only now is it sure that a descriptor came.
          answers.put(score(model(reader.getDescriptor()), reader.getRoot()));
        }
        answers.complete();
      } catch (RuntimeException | Error e) {
        writer.error(failed(e));
      }
    }

    /** Goes to the next batch with rows; whatever Arrow says of one, the client sent it. */
    private boolean next(CallContext context, FlightStream reader) {
      try {
        while (reader.next()) {
          if (context.isCancelled()) {
            throw new CancellationException();
          }
          if (reader.hasRoot() && reader.getRoot().getRowCount() > 0) {
            ArrowRows.requireSound(reader.getRoot());
            return true;
          }
        }
        return false;
      } catch (FlightRuntimeException | CancellationException e) {
        throw e;
      } catch (RuntimeException e) {
        throw Refusals.badRequest(
            "A batch cannot be read: %s. Send batches as a library of Arrow writes them, not compressed."
                .formatted(e.getMessage()));
      }
    }

    private BatchAnswer score(String model, VectorSchemaRoot rows) {
      try {
        return service.score(model, rows, timeout).join();
      } catch (CompletionException e) {
        throw e.getCause() instanceof MsrException known ? known : e;
      }
    }
  }

  private static String model(FlightDescriptor descriptor) {
    List<String> path = descriptor.isCommand() ? List.of() : descriptor.getPath();
    if (descriptor.isCommand() || path.size() > 1) {
      throw Refusals.badRequest(
          "The descriptor should be a path of one name, that of a model, or an empty path.");
    }
    return path.isEmpty() ? "" : path.get(0);
  }

  /** Returns an error as a client of Flight sees it. */
  static FlightRuntimeException failed(Throwable error) {
    if (error instanceof FlightRuntimeException known) {
      return known;
    }
    if (error instanceof CancellationException) {
      return CallStatus.CANCELLED.toRuntimeException();
    }
    MsrException known = Faults.known(error);
    CallStatus status =
        switch (ErrorKind.of(known)) {
          case BAD_REQUEST, CONFLICT, OTHER_FORM -> CallStatus.INVALID_ARGUMENT;
          case NO_TOKEN -> CallStatus.UNAUTHENTICATED;
          case NOT_ALLOWED -> CallStatus.UNAUTHORIZED;
          case NOT_FOUND -> CallStatus.NOT_FOUND;
          case FULL, TOO_LARGE, CLIENT_BUSY -> CallStatus.RESOURCE_EXHAUSTED;
          case UNAVAILABLE -> CallStatus.UNAVAILABLE;
          case CANCELLED -> CallStatus.CANCELLED;
          case TOO_LATE -> CallStatus.TIMED_OUT;
          case FAULT -> CallStatus.INTERNAL;
        };
    ErrorFlightMetadata trailers = new ErrorFlightMetadata();
    trailers.insert(Refusals.HEADER, known.code());
    return status
        .withDescription(SentText.withCode(known))
        .withMetadata(trailers)
        .toRuntimeException();
  }
}
