package org.llm4msr.api.features;

import java.util.concurrent.CompletionStage;
import org.llm4msr.api.Stability;

/** Fetches values of users and items for requests. Safe for use by several threads. */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public interface FeatureSource extends AutoCloseable {

  /**
   * Asks for the values of one request, once a request. Called by a thread that ranks: a source
   * that is elsewhere asks it without waiting, also where it is not connected. The server waits for
   * the answer as long as {@link FeatureContext#timeout}, then cancels it and goes on without; so
   * it does where the answer fails. After many failures it does not ask for a while.
   *
   * @return fails, or throws at once, with any exception: the request is ranked by its bundle then
   */
  CompletionStage<FeatureValues> fetch(FeatureQuery query);

  /** Releases connections and threads; called once, when no request is under way any more. */
  @Override
  void close();
}
