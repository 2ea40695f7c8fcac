package org.llm4msr.benchmarks;

import java.util.List;

/** Something whose training steps are timed beside those of others. */
interface Contender extends AutoCloseable {

  /** Returns the name to print. */
  String name();

  /** Returns the number of dense parameters, by which equal models are told. */
  long denseParameters();

  /** Runs the next steps, a batch each, and returns what they took. */
  List<StepTime> time(int steps);

  @Override
  void close();
}
