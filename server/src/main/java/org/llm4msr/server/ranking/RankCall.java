package org.llm4msr.server.ranking;

import org.jspecify.annotations.Nullable;
import org.llm4msr.serving.ranker.RankRequest;

/**
 * What was asked.
 *
 * @param id of the request; empty if it brought none
 * @param model by name; empty where the server chooses
 * @param top how many of the best are wanted; 0 for all
 * @param explain whether the scores are explained
 * @param request with the values that were fetched
 * @param origins which these are; null where there is no source
 */
public record RankCall(
    String id,
    String model,
    int top,
    boolean explain,
    RankRequest request,
    @Nullable Origins origins) {

  /** Makes a call of what came. */
  public RankCall(String id, String model, int top, boolean explain, RankRequest request) {
    this(id, model, top, explain, request, null);
  }

  /** Makes a call whose scores are not explained. */
  public RankCall(String id, String model, int top, RankRequest request) {
    this(id, model, top, false, request);
  }

  /** Returns the user as text, for choosing a model; null if there is none. */
  public @Nullable String user() {
    return request.user() == null ? null : request.user().toString();
  }

  /** Returns this call with an id. */
  RankCall named(String other) {
    return new RankCall(other, model, top, explain, request, origins);
  }

  /** Returns this call with what became of fetching values. */
  public RankCall with(RankRequest merged, Origins fetched) {
    return new RankCall(id, model, top, explain, merged, fetched);
  }

  /** Returns this call with a deadline, in nanoseconds of {@link System#nanoTime}. */
  RankCall until(long deadline) {
    return new RankCall(
        id,
        model,
        top,
        explain,
        new RankRequest(
            request.user(), request.scenario(), request.context(), request.items(), deadline),
        origins);
  }
}
