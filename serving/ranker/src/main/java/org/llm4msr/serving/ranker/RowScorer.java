package org.llm4msr.serving.ranker;

/** Scores the items of requests, one request at a time. */
interface RowScorer {

  /** So many items go through the model at once; the deadline is looked at between. */
  int ROWS = 1024;

  /**
   * Scores all items.
   *
   * @throws org.llm4msr.api.MsrException if the user, the scenario or the context cannot be read;
   *     {@code rank/DEADLINE}
   */
  void score(RankRequest request, RankResult result);
}
