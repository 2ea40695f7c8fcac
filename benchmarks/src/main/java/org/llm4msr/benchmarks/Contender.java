package org.llm4msr.benchmarks;

import java.util.List;

/** A candidate whose training steps are timed beside those of others. */
interface Contender extends AutoCloseable {

  /** Returns the name to print. */
  String name();

  /** Returns the number of dense parameters, by which equal models are recognised. */
  long denseParameters();

  /** Runs the next steps, one batch each, and returns their times. */
  List<StepTime> time(int steps);

  @Override
  void close();
}
