package org.llm4msr.server.ranking;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.config.LimitsConfig;
import org.llm4msr.server.models.Models;
import org.llm4msr.server.models.ServedModel;
import org.llm4msr.server.refusal.Refusals;
import org.llm4msr.serving.ranker.RankExplanation;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.RankingModel;

/** Ranks what transports bring. */
public final class RankService {

  /** Explanations are for people, and take as long as ranking many items. */
  private static final int MOST_EXPLAINED = 100;

  private final Models models;
  private final Admission admission;
  private final Clients clients;
  private final LimitsConfig limits;
  private final FeatureFetch features;
  private final List<RankObserver> observers;
  private final LongSupplier ticker;

  /**
   * Ranks with these models what has the values that were fetched.
   *
   * @param ticker the time in nanoseconds, as {@link System#nanoTime}
   */
  public RankService(
      Models models,
      Admission admission,
      LimitsConfig limits,
      FeatureFetch features,
      List<RankObserver> observers,
      LongSupplier ticker) {
    this.ticker = ticker;
    this.models = models;
    this.admission = admission;
    this.limits = limits;
    this.features = features;
    this.observers = List.copyOf(observers);
    clients = new Clients(limits.perClient());
  }

  /**
   * Refuses a request of which no more than its beginning is known.
   *
   * @param arrival what came
   * @throws MsrException as {@link Admission#require}
   */
  public void require(Arrival arrival) {
    admission.require(arrival.deadline());
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
      enter(arrival.client());
    } catch (MsrException e) {
      return CompletableFuture.failedFuture(e);
    }
    try {
      return admission
          .submit(arrival.deadline(), () -> write.apply(rank(arrival, read)))
          .whenComplete((result, error) -> clients.leave(arrival.client()));
    } catch (MsrException e) {
      clients.leave(arrival.client());
      return CompletableFuture.failedFuture(e);
    }
  }

  /**
   * Counts one more request of a client as under way, until {@link #leave}.
   *
   * @throws MsrException {@code serve/CLIENT_BUSY}
   */
  public void enter(String client) {
    clients.enter(client);
  }

  /** Counts one less. */
  public void leave(String client) {
    clients.leave(client);
  }

  /**
   * Scores rows of any users and scenarios on a thread of the server.
   *
   * @param model by name; empty where the server chooses
   * @param rows unchanged until the result is there
   * @param time in which the result is wanted
   * @return the probabilities of each row; fails with an {@link MsrException}, which may be wrapped
   */
  public CompletableFuture<BatchAnswer> score(String model, VectorSchemaRoot rows, Duration time) {
    if (rows.getRowCount() > limits.items()) {
      return CompletableFuture.failedFuture(Refusals.tooManyItems(limits.items()));
    }
    try {
      return admission.submit(
          ticker.getAsLong() + time.toNanos(),
          () -> using(model, null, chosen -> score(chosen.ranker(), rows)));
    } catch (MsrException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private static BatchAnswer score(RankingModel ranker, VectorSchemaRoot rows) {
    return new BatchAnswer(ranker.labels(), ranker.scoreLabels(rows));
  }

  private RankAnswer rank(Arrival arrival, Supplier<RankCall> read) {
    arrival.requireAwaited();
    RankCall call = read.get();
    if (call.request().items().size() > limits.items()) {
      throw Refusals.tooManyItems(limits.items());
    }
    if (call.explain() && call.request().items().size() > MOST_EXPLAINED) {
      throw Refusals.tooManyToExplain(MOST_EXPLAINED);
    }
    RequestIds.require(call);
    RankCall named = call.id().isEmpty() ? call.named(UUID.randomUUID().toString()) : call;
    RankCall timed = named.until(arrival.deadline());
    RankAnswer answer = using(call.model(), call.user(), model -> answer(timed, model));
    arrival.requireAwaited();
    observers.forEach(observer -> observer.ranked(answer, arrival.begin()));
    return answer;
  }

  private RankAnswer answer(RankCall call, ServedModel model) {
    RankCall whole = features.merged(call, model.ranker());
    RankResult result = model.ranker().rank(whole.request());
    RankExplanation explanation = call.explain() ? model.ranker().explain(whole.request()) : null;
    return new RankAnswer(
        whole, model.name(), model.version(), model.ranker(), result, explanation);
  }

  /** Uses a model; if it is closed because another version came in its place, that one. */
  private <T> T using(String name, @Nullable String user, Function<ServedModel, T> work) {
    for (; ; ) {
      ServedModel model = models.choose(name, user);
      try {
        return work.apply(model);
      } catch (MsrException e) {
        if (!e.code().equals(RankingModel.CLOSED)) {
          throw e;
        }
        if (models.isServed(model)) {
          throw Refusals.notReady(); // The server ends.
        }
      }
    }
  }
}
