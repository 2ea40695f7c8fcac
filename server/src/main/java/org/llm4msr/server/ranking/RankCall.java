package org.llm4msr.server.ranking;

import org.jspecify.annotations.Nullable;
import org.llm4msr.serving.ranker.RankRequest;

/**
 * What was asked.
 *
 * @param id of the request; empty if it brought none
 * @param model by name; empty where the server chooses
 * @param top how many of the best are wanted; 0 for all
 * @param request with the values that were fetched
 * @param origins which these are; null where nothing was fetched
 */
public record RankCall(
    String id, String model, int top, RankRequest request, @Nullable Origins origins) {

  /** Makes a call of what came. */
  public RankCall(String id, String model, int top, RankRequest request) {
    this(id, model, top, request, null);
  }

  /** Returns the user as text, for choosing a model; null if there is none. */
  public @Nullable String user() {
    return request.user() == null ? null : request.user().toString();
  }

  /** Returns this call with a deadline, in nanoseconds of {@link System#nanoTime}. */
  RankCall until(long deadline) {
    return new RankCall(
        id,
        model,
        top,
        new RankRequest(
            request.user(), request.scenario(), request.context(), request.items(), deadline),
        origins);
  }
}
