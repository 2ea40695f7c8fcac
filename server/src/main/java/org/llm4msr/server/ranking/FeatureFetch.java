package org.llm4msr.server.ranking;

import org.llm4msr.serving.ranker.RankingModel;

/** Adds values to requests before they are ranked. */
public interface FeatureFetch {

  /** Adds nothing. */
  FeatureFetch NONE = (call, ranker) -> call;

  /**
   * Returns a call with what it does not bring itself, as far as that is known in time. Throws
   * nothing for a source that fails.
   *
   * @param ranker of the model that ranks it
   */
  RankCall merged(RankCall call, RankingModel ranker);
}
