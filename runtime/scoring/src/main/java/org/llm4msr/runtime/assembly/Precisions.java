package org.llm4msr.runtime.assembly;

import org.llm4msr.runtime.config.Precision;

/** The precision of products in passes that train, and in others. */
record Precisions(Precision training, Precision scoring) {

  Precision of(boolean trains) {
    return trains ? training : scoring;
  }

  /** Returns whether products of some passes are not of float32. */
  boolean areHalf() {
    return training != Precision.FLOAT32 || scoring != Precision.FLOAT32;
  }
}
