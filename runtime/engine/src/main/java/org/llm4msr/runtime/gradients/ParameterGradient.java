package org.llm4msr.runtime.gradients;

import ai.djl.ndarray.NDList;

/** One of the ways in which the gradient of a parameter comes about in a step. */
public sealed interface ParameterGradient
    permits WholeGradient, PieceGradients, WrittenGradient, AddedGradient {

  /** Returns whether the step went this way. */
  boolean isUsed();

  /** Returns it in one array, or in several consecutive ones; the caller closes them. */
  NDList arrays();
}
