package org.llm4msr.toolkit.model;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Pass;

/** Dropout by the masks of the pass. */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class Dropout {

  private Dropout() {}

  /**
   * Zeroes a share of the elements and scales the others by 1 / (1 - rate), in training only.
   *
   * @param rate the share, in [0, 1)
   */
  public static NDArray apply(Pass pass, NDArray x, double rate) {
    return pass.training() && rate > 0 ? x.mul(pass.dropoutMask(x.getShape(), rate)) : x;
  }
}
