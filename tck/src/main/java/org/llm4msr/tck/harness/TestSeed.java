package org.llm4msr.tck.harness;

/** The seed of everything that the kit draws: the system property {@code llm4msr.tck.seed}. */
public final class TestSeed {

  private TestSeed() {}

  /** Returns the seed, 7 if none is set. */
  public static long value() {
    return Long.getLong("llm4msr.tck.seed", 7);
  }
}
