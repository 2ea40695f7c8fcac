package org.llm4msr.api;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

/** Compiled methods; safe for several threads. The caller that asked for it closes it. */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public interface Script extends AutoCloseable {

  /**
   * Calls a method, without recording gradients.
   *
   * @param owner manager that owns the result
   * @param method its name; all its arguments and its result are of type {@code List[Tensor]}
   */
  NDList call(NDManager owner, String method, NDList... arguments);

  @Override
  void close();
}
