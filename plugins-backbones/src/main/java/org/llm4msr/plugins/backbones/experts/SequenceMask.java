package org.llm4msr.plugins.backbones.experts;

import ai.djl.ndarray.NDArray;
import org.llm4msr.toolkit.model.Scale;

/** A softmax over the places of a sequence that have an event. */
final class SequenceMask {

  /** The exponential of a score so far below all others is 0. */
  private static final double NOWHERE = 1e9;

  private SequenceMask() {}

  /**
   * Returns weights along the last axis, 0 where there is no event.
   *
   * @param scores of the form of the mask, or one that it is broadcast to
   * @param mask 1 where there is an event, 0 elsewhere
   */
  static NDArray softmax(NDArray scores, NDArray mask) {
    return scores.add(Scale.by(mask.sub(1), NOWHERE)).softmax(-1).mul(mask);
  }
}
