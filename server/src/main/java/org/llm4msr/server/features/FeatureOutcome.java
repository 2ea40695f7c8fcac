package org.llm4msr.server.features;

/** What became of asking a source. */
public enum FeatureOutcome {
  /** It answered. */
  OK,
  /** It did not answer in time. */
  TIMEOUT,
  /** It failed, or gave an answer of another form. */
  ERROR,
  /** It was not asked, because it failed before. */
  OPEN
}
