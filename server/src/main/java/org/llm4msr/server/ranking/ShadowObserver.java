package org.llm4msr.server.ranking;

import java.time.Duration;
import org.llm4msr.serving.ranker.RankResult;

/** Is told what becomes of requests that models rank unseen. */
public interface ShadowObserver {

  /**
   * A model ranked what another one was asked.
   *
   * @param shadow the name of the model
   * @param answer of the other one
   * @param own what it makes of the same request
   */
  void ranked(String shadow, RankAnswer answer, RankResult own, Duration took);

  /** A request was left out, because those before it are not ranked yet. */
  void dropped(String shadow);

  /** A request could not be ranked. */
  void failed(String shadow);
}
