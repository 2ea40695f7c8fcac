package org.llm4msr.api.features;

import java.util.concurrent.CompletionStage;
import org.llm4msr.api.Stability;

/** Fetches values of users and items for requests. Safe for use by several threads. */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public interface FeatureSource extends AutoCloseable {

  /**
   * Asks for the values of one request, once a request, on a thread for such calls. The server
   * waits as long as {@link FeatureContext#timeout}; then it cancels the answer, abandons a call
   * that has not returned, and goes on without. After many failures it does not ask for a while.
   *
   * @return fails, or throws at once, with any error, which the log and explanations tell: the
   *     request is ranked by its bundle then
   */
  CompletionStage<FeatureValues> fetch(FeatureQuery query);

  /** Releases connections and threads; called once, and waited for {@code drainSeconds}. */
  @Override
  void close();
}
