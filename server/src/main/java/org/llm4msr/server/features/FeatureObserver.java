package org.llm4msr.server.features;

/** Is told what sources answer, on the threads that rank. */
public interface FeatureObserver {

  /**
   * A source was asked, or would have been.
   *
   * @param source by name
   * @param nanos from the question to the outcome
   */
  void fetched(String source, FeatureOutcome outcome, long nanos);

  /**
   * Values were merged.
   *
   * @param read users and items with values
   * @param unreadable users and items with a value that cannot be read
   */
  void merged(String source, int read, int unreadable);
}
