package org.llm4msr.server.ranking;

/** Is told what was ranked, on the threads that rank. */
public interface RankObserver {

  /**
   * A request was ranked.
   *
   * @param begin when it came, in nanoseconds of the server's ticker
   */
  void ranked(RankAnswer answer, long begin);
}
