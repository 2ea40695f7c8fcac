package org.llm4msr.server.ranking;

/** Is told what becomes of requests, on the threads that rank and those that receive. */
public interface RankObserver {

  /**
   * A request was ranked.
   *
   * @param begin when it came, in nanoseconds of the server's ticker
   */
  void ranked(RankAnswer answer, long begin);

  /**
   * A request was not ranked.
   *
   * @param code of the error
   */
  void refused(String code);
}
