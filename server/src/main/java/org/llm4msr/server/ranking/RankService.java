package org.llm4msr.server.ranking;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.config.LimitsConfig;
import org.llm4msr.server.models.Models;
import org.llm4msr.server.models.ServedModel;
import org.llm4msr.server.refusal.Refusals;
import org.llm4msr.serving.ranker.RankResult;

/** Ranks what transports bring. */
public final class RankService {

  private final Models models;
  private final Admission admission;
  private final Clients clients;
  private final LimitsConfig limits;
  private final RankObserver observer;

  /** Ranks with these models. */
  public RankService(
      Models models, Admission admission, LimitsConfig limits, RankObserver observer) {
    this.models = models;
    this.admission = admission;
    this.limits = limits;
    this.observer = observer;
    clients = new Clients(limits.perClient());
  }

  /**
   * Refuses a request of which no more than its beginning is known.
   *
   * @param arrival what came
   * @throws MsrException as {@link Admission#require}
   */
  public void require(Arrival arrival) {
    try {
      admission.require(arrival.deadline());
    } catch (MsrException e) {
      observer.refused(e.code());
      throw e;
    }
  }

  /**
   * Ranks on a thread of the server.
   *
   * @param read makes the request from what came
   * @param write makes what is sent
   * @return what is sent; fails with an {@link MsrException}, which may be wrapped
   */
  public <T> CompletableFuture<T> rank(
      Arrival arrival, Supplier<RankCall> read, Function<RankAnswer, T> write) {
    try {
      clients.enter(arrival.client());
    } catch (MsrException e) {
      return refused(e);
    }
    try {
      return admission
          .submit(arrival.deadline(), () -> write.apply(rank(arrival, read.get())))
          .whenComplete((result, error) -> end(arrival, error));
    } catch (MsrException e) {
      clients.leave(arrival.client());
      return refused(e);
    }
  }

  private <T> CompletableFuture<T> refused(MsrException error) {
    observer.refused(error.code());
    return CompletableFuture.failedFuture(error);
  }

  /**
   * Scores rows of any users and scenarios on a thread of the server.
   *
   * @param model by name; empty where the server chooses
   * @param rows unchanged until the result is there
   * @param time in which the result is wanted
   * @return the probability of each row; fails with an {@link MsrException}, which may be wrapped
   */
  public CompletableFuture<float[]> score(String model, VectorSchemaRoot rows, Duration time) {
    if (rows.getRowCount() > limits.items()) {
      return refused(Refusals.tooManyItems(limits.items()));
    }
    try {
      return admission
          .submit(
              System.nanoTime() + time.toNanos(),
              () -> models.choose(model, null).ranker().score(rows))
          .whenComplete((scores, error) -> count(error));
    } catch (MsrException e) {
      return refused(e);
    }
  }

  private RankAnswer rank(Arrival arrival, RankCall call) {
    if (call.request().items().size() > limits.items()) {
      throw Refusals.tooManyItems(limits.items());
    }
    ServedModel model = models.choose(call.model(), call.user());
    RankCall named =
        call.id().isEmpty()
            ? new RankCall(UUID.randomUUID().toString(), call.model(), call.top(), call.request())
            : call;
    RankCall timed = named.until(arrival.deadline());
    RankResult result = model.ranker().rank(timed.request());
    RankAnswer answer = new RankAnswer(timed, model.name(), model.version(), result);
    observer.ranked(answer, arrival.begin());
    return answer;
  }

  private void end(Arrival arrival, @Nullable Throwable error) {
    clients.leave(arrival.client());
    count(error);
  }

  private void count(@Nullable Throwable error) {
    if (error != null) {
      observer.refused(error instanceof MsrException known ? known.code() : "internal/FAULT");
    }
  }
}
